//! Creates the first administrator and sample users, ready to sign in.
//!
//! Each account goes through three states: planned, temporary password, own
//! password. Each state is saved in `accounts.json` before the next step, so that a
//! start after a crash continues from there. A password is saved before it is set,
//! so one of the two passwords always works.

use std::{fs, io::ErrorKind};

use anyhow::{Context, Result, anyhow, bail};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Data, Lambda, say};
use crate::secrets::write_private;

/// The function that creates the first administrator.
const DIRECTORY: &str = "directory";

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    pub(super) user_id: String,
    pub(super) name: String,
    pub(super) administrator: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    pub(super) password: String,
    standing: Standing,
}

/// The progress of creating an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Standing {
    Planned,
    Temporary(String),
    Ready,
}

/// Returns the accounts of this data directory. Creates those that are missing or
/// unfinished first.
///
/// # Errors
/// When a function refuses a request, or an existing account's password is not in
/// `accounts.json`.
pub(super) async fn ensure(lambda: &Lambda, data: &Data) -> Result<Vec<Account>> {
    let mut accounts = match load(data)? {
        Some(accounts) => accounts,
        None => planned()?,
    };
    for index in 0..accounts.len() {
        if accounts[index].standing == Standing::Planned {
            say!("Making the account {}", accounts[index].user_id);
            let temporary = make(lambda, data, &accounts, index).await?;
            accounts[index].standing = Standing::Temporary(temporary);
            save(data, &accounts)?;
        }
        if let Standing::Temporary(temporary) = accounts[index].standing.clone() {
            settle(lambda, &accounts[index], &temporary).await?;
            accounts[index].standing = Standing::Ready;
            save(data, &accounts)?;
        }
    }
    Ok(accounts)
}

/// Reads the accounts that an earlier start created.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn load(data: &Data) -> Result<Option<Vec<Account>>> {
    let path = data.accounts();
    match fs::read(&path) {
        Ok(json) => {
            Ok(Some(serde_json::from_slice(&json).with_context(|| {
                format!("{} is damaged: start once with --fresh", path.display())
            })?))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn save(data: &Data, accounts: &[Account]) -> Result<()> {
    write_private(&data.accounts(), &serde_json::to_string_pretty(accounts)?)
}

fn planned() -> Result<Vec<Account>> {
    let account = |user_id: &str, name: &str, language: Option<&str>| -> Result<Account> {
        Ok(Account {
            user_id: user_id.to_owned(),
            name: name.to_owned(),
            administrator: language.is_none(),
            language: language.map(str::to_owned),
            password: password()?,
            standing: Standing::Planned,
        })
    };
    Ok(vec![
        account("admin@example.com", "Ada Admin", None)?,
        account("ann@example.com", "Ann Example", Some("en"))?,
        account("mei@example.com", "陳美", Some("zh-TW"))?,
    ])
}

/// Creates an account and returns its temporary password.
async fn make(lambda: &Lambda, data: &Data, accounts: &[Account], index: usize) -> Result<String> {
    let Account { user_id, name, administrator, language, .. } = &accounts[index];
    let answer = if *administrator {
        let event = json!({ "createFirstAdministrator": { "userId": user_id, "name": name } });
        lambda.invoke(DIRECTORY, &event).await?
    } else {
        let administrator = accounts
            .iter()
            .find(|account| account.administrator)
            .context("no administrator is planned")?;
        let bearer = sign_in(lambda, administrator, &administrator.password).await?;
        let bearer = bearer.with_context(|| {
            format!(
                "{} no longer signs in with its password. {}",
                administrator.user_id,
                way_out(data)
            )
        })?;
        let user =
            json!({ "userId": user_id, "name": name, "language": language, "groups": ["staff"] });
        let answer = lambda.call(Method::POST, "/v1/users", Some(&bearer), &user).await?;
        if answer.status == StatusCode::CONFLICT {
            bail!("{user_id} is there already, and its password was not kept. {}", way_out(data));
        }
        answer.body
    };
    if answer["problem"]["code"] == "administratorExists" {
        bail!(
            "the database has an administrator, and accounts.json has no password for it. {}",
            way_out(data)
        );
    }
    text(&answer, "temporaryPassword").with_context(|| format!("{user_id} cannot be made"))
}

fn way_out(data: &Data) -> String {
    format!("Start once with --fresh to make both anew (this deletes the data in {})", data.shown())
}

/// Changes a temporary password into the account's own, unless an earlier start did
/// so and crashed before it recorded it.
async fn settle(lambda: &Lambda, account: &Account, temporary: &str) -> Result<()> {
    let Some(bearer) = sign_in(lambda, account, temporary).await? else {
        let done = sign_in(lambda, account, &account.password).await?;
        return done.map(|_| ()).with_context(|| {
            format!("{} signs in with neither of its passwords", account.user_id)
        });
    };
    let change = json!({ "currentPassword": temporary, "newPassword": account.password });
    let answer = lambda.call(Method::PUT, "/v1/me/password", Some(&bearer), &change).await?;
    text(&answer.body, "bearer")
        .with_context(|| format!("{} cannot change its password", account.user_id))?;
    Ok(())
}

/// Signs in and returns the bearer token, or `None` if the password is wrong.
async fn sign_in(lambda: &Lambda, account: &Account, password: &str) -> Result<Option<String>> {
    let user = json!({ "userId": account.user_id, "password": password });
    let answer = lambda.call(Method::POST, "/v1/sign-in", None, &user).await?;
    if answer.status == StatusCode::UNAUTHORIZED {
        return Ok(None);
    }
    text(&answer.body, "bearer")
        .map(Some)
        .with_context(|| format!("{} cannot sign in", account.user_id))
}

/// Reads a text field of a response. If it is missing, the error holds the problem
/// code of the response.
fn text(answer: &Value, field: &str) -> Result<String> {
    answer[field].as_str().map(str::to_owned).ok_or_else(|| {
        let problem = answer.get("problem").unwrap_or(answer);
        anyhow!("{}", problem["code"].as_str().unwrap_or("no reason was given"))
    })
}

/// Generates a password of 80 random bits, in groups, without characters that look alike.
fn password() -> Result<String> {
    const SYMBOLS: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| anyhow!("no randomness: {error}"))?;
    let symbols = random.map(|byte| char::from(SYMBOLS[usize::from(byte % 32)]));
    let groups: Vec<String> = symbols.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_differ() {
        let (one, other) = (password().unwrap(), password().unwrap());
        assert!(one.len() >= 15);
        assert_ne!(one, other);
    }

    #[test]
    fn what_was_reached_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let data = Data::open(dir.path(), false).unwrap();
        assert_eq!(load(&data).unwrap(), None);
        let mut accounts = planned().unwrap();
        accounts[0].standing = Standing::Ready;
        accounts[1].standing = Standing::Temporary("once".into());
        save(&data, &accounts).unwrap();
        assert_eq!(load(&data).unwrap(), Some(accounts));
    }

    #[test]
    fn a_problem_is_told_by_its_code() {
        let refused = |answer| text(&answer, "bearer").unwrap_err().to_string();
        assert_eq!(refused(json!({ "code": "tooManyAttempts" })), "tooManyAttempts");
        assert_eq!(
            refused(json!({ "problem": { "code": "administratorExists" } })),
            "administratorExists"
        );
    }
}
