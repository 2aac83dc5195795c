//! What goes wrong with a table that a test has open.

/// Takes the place of the store's own type beside `checked`, which tests share with it.
#[derive(Debug)]
#[allow(dead_code, reason = "it is shown where a test fails")]
pub(crate) enum Fault {
    Database(redb::Error),
    Altered { table: &'static str, key: String },
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}
