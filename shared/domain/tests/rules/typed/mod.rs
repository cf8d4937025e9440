//! The cleaning step of typed text: its table, its properties, and the classes of characters.

mod agree;
mod fields;
mod names;
mod phones;
mod properties;
mod unicode;
