//! The book (docs/ and README.md) says what is true: snippets, commands, links, keys, operators.

mod commands;
mod keys;
mod links;
mod operators;
mod page;
mod snippets;
