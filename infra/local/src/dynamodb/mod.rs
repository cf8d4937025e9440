//! Runs an embedded DynamoDB in this process, with its data in one SQLite file. The
//! AWS SDK calls it over HTTP like the real service.
//!
//! The server answers requests from any web page (its CORS headers are those of DynamoDB), so the
//! table must hold sample people only. The table never holds keys.

mod template;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use dynoxide::Database;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{sync::oneshot, task::JoinHandle};

pub use template::{TABLE, table_definition};

const DATA: &str = "dynamodb.sqlite";
const DEFINITION: &str = "table.json";

/// The longest time that `shutdown` waits for requests in progress. Without a
/// limit, a client that has sent half a request would block the shutdown for ever.
const LAST_REQUESTS: Duration = Duration::from_secs(2);

/// A running embedded DynamoDB with the template's table. Dropping it stops the server.
pub struct Embedded {
    database: Database,
    dir: PathBuf,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Embedded {
    /// Starts an embedded DynamoDB for tests, on any free port. It does not wait
    /// for the disk, so a power cut may lose data; a start takes milliseconds. Must
    /// be called inside a Tokio runtime.
    ///
    /// # Errors
    /// See [`Embedded::start_on`].
    pub fn start(dir: &Path) -> Result<Self> {
        Self::open(dir, None, true)
    }

    /// Starts an embedded DynamoDB for `cargo latchkey`, on the given port of the
    /// loopback interface, with data that survives a crash. Must be called inside a
    /// Tokio runtime.
    ///
    /// # Errors
    /// When the port is taken, the directory cannot be written, or the directory
    /// holds a table made from another version of the template.
    pub fn start_on(dir: &Path, port: u16) -> Result<Self> {
        Self::open(dir, Some(port), false)
    }

    fn open(dir: &Path, port: Option<u16>, hasty: bool) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let file = dir.join(DATA);
        let path = file.to_str().context("the data directory is not UTF-8")?;
        let database =
            Database::new(path).with_context(|| format!("cannot open {}", file.display()))?;
        if hasty {
            database.enable_bulk_loading()?;
        }
        ensure_table(&database, dir)?;

        let listener = crate::listen(port)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = database.clone();
        let server = tokio::spawn(async move {
            let stopped = async {
                // An error means that the sender was dropped: the server stops then too.
                let _ = stopped.await;
            };
            let _ = dynoxide::server::serve_with_shutdown(listener, served, stopped).await;
        });
        Ok(Self { database, dir: dir.to_owned(), address, stop, server })
    }

    /// Returns the URL for `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the directory that holds the data.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the path of the SQLite file.
    pub fn file(&self) -> PathBuf {
        self.dir.join(DATA)
    }

    /// Returns the same database for direct calls, without HTTP.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Stops the server after the requests in progress, and closes the file.
    pub async fn shutdown(self) {
        drop(self.stop);
        let _ = tokio::time::timeout(LAST_REQUESTS, self.server).await;
    }
}

/// Whether `dir` already holds a database.
pub fn exists(dir: &Path) -> bool {
    dir.join(DATA).exists()
}

fn ensure_table(database: &Database, dir: &Path) -> Result<()> {
    let definition = table_definition()?;
    let noted = dir.join(DEFINITION);
    if database.list_tables(Default::default())?.table_names.is_empty() {
        // The definition is written first: if a start is cut short after it, the
        // next start makes the table.
        fs::write(noted, serde_json::to_vec_pretty(&definition)?)?;
        database.create_table(request(definition)?)?;
        if let Some(expiry) = template::time_to_live()? {
            database.update_time_to_live(request(expiry)?)?;
        }
        return Ok(());
    }
    let made_from: Value = fs::read(&noted)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    ensure!(
        made_from == definition,
        "the table in {} was made from another version of infra/template.yaml; \
         start once with --fresh to make it anew (this deletes the local data)",
        dir.display()
    );
    Ok(())
}

/// Reads a typed request from the JSON of the AWS API.
fn request<T: DeserializeOwned>(json: Value) -> Result<T> {
    match serde_json::from_value(json) {
        Ok(request) => Ok(request),
        Err(error) => bail!("infra/template.yaml: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_starts_anew_and_again_on_the_same_data() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let embedded = Embedded::start(dir.path()).unwrap();
            let tables = embedded.database().list_tables(Default::default()).unwrap();
            assert_eq!(tables.table_names, [TABLE]);
            embedded.shutdown().await;
        }
    }

    #[tokio::test]
    async fn data_of_another_template_is_refused_with_a_way_out() {
        let dir = tempfile::tempdir().unwrap();
        Embedded::start(dir.path()).unwrap().shutdown().await;
        fs::write(dir.path().join(DEFINITION), "{}").unwrap();
        let error = Embedded::start(dir.path()).err().unwrap().to_string();
        assert!(error.contains("--fresh"), "{error}");
    }

    #[tokio::test]
    async fn the_sdk_writes_and_reads() {
        use aws_sdk_dynamodb::types::AttributeValue::S;
        let dir = tempfile::tempdir().unwrap();
        let embedded = Embedded::start(dir.path()).unwrap();
        let client = aws_sdk_dynamodb::Client::from_conf(
            aws_sdk_dynamodb::Config::builder()
                .behavior_version_latest()
                .region(aws_sdk_dynamodb::config::Region::new(crate::REGION))
                .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
                    "local", "local", None, None, "test",
                ))
                .http_client(platform::connect::client())
                .endpoint_url(embedded.endpoint())
                .build(),
        );
        client
            .put_item()
            .table_name(TABLE)
            .item("pk", S("a".into()))
            .item("sk", S("b".into()))
            .send()
            .await
            .unwrap();
        let found = client
            .get_item()
            .table_name(TABLE)
            .key("pk", S("a".into()))
            .key("sk", S("b".into()))
            .send()
            .await
            .unwrap();
        assert!(found.item.is_some());
        embedded.shutdown().await;
    }
}
