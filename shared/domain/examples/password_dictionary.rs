//! Writes the dictionary of the password estimate. `data/passwords/make` runs this:
//! `password_dictionary <words> <dictionary>`. A line of the words is kind, bits and word,
//! with tabs between.

use domain::password::dictionary_entry;
use fst::MapBuilder;
use std::collections::BTreeMap;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [words, dictionary] = &arguments[..] else {
        return Err("give the file of words and the dictionary".into());
    };
    let words = std::fs::read_to_string(words)?;
    // The lowest value of a word is its cheapest.
    let mut entries: BTreeMap<String, u64> = BTreeMap::new();
    for line in words.lines() {
        let mut columns = line.splitn(3, '\t');
        let mut column = || columns.next().ok_or("a line lacks a column");
        let (kind, bits, word) = (column()?.parse()?, column()?.parse()?, column()?);
        if let Some((word, value)) = dictionary_entry(word, kind, bits) {
            entries.entry(word).and_modify(|least| *least = value.min(*least)).or_insert(value);
        }
    }
    let mut builder = MapBuilder::memory();
    for (word, value) in &entries {
        builder.insert(word, *value)?;
    }
    let bytes = builder.into_inner()?;
    eprintln!("{} words in {} bytes", entries.len(), bytes.len());
    std::fs::write(dictionary, bytes)?;
    Ok(())
}
