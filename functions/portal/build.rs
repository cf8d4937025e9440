//! Embeds the files of `web/dist` into the binary, each both uncompressed and compressed.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Length of the hash in an `ETag`, in bytes: enough for every file content to get its own `ETag`.
const TAG: usize = 12;

fn main() {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("web/dist");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut source = "const FILES: &[File] = &[\n".to_owned();
    for (index, path) in files(&dist).iter().enumerate() {
        let plain = fs::read(path).expect("a file");
        let compressed = out.join(format!("{index}.br"));
        fs::write(&compressed, brotli(&plain)).expect("written");
        let tag: String =
            Sha256::digest(&plain)[..TAG].iter().map(|byte| format!("{byte:02x}")).collect();
        let name = path
            .strip_prefix(&dist)
            .expect("below it")
            .to_str()
            .expect("a name in UTF-8")
            .replace('\\', "/");
        let kind = match path.extension().and_then(|extension| extension.to_str()) {
            Some("html") => "Html",
            Some("js") => "Script",
            Some("css") => "Style",
            Some("svg") => "Picture",
            other => panic!("{name}: no kind for the extension {other:?}"),
        };
        writeln!(
            source,
            "    File {{ name: {name:?}, kind: Kind::{kind}, tag: \"\\\"{tag}\\\"\", plain: include_bytes!({path:?}), brotli: include_bytes!({compressed:?}) }},"
        )
        .expect("writing to a string never fails");
    }
    source.push_str("];\n");
    fs::write(out.join("files.rs"), source).expect("written");
}

/// All files in a folder and its subfolders, ordered by path.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Compresses with Brotli at the highest quality.
fn brotli(plain: &[u8]) -> Vec<u8> {
    const BUFFER: usize = 4096;
    const QUALITY: u32 = 11;
    const WINDOW: u32 = 22;
    let mut compressed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut compressed, BUFFER, QUALITY, WINDOW);
    writer.write_all(plain).expect("writing to memory never fails");
    drop(writer);
    compressed
}
