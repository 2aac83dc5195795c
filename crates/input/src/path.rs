//! Paths as they come where no shell has read them.

use std::path::{Path, PathBuf};

/// A path that begins with `~` in the user's home directory: shells leave `--option=~/x` as it is, and a
/// configuration file is read by none. Without a home directory, and with another user's name behind `~`,
/// it stays as it is.
#[must_use]
pub fn at_home(path: PathBuf, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(below), Some(home)) => home.join(below),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_with_a_tilde_alone_is_in_the_home_directory() {
        let home = Some(Path::new("/home/ann"));
        for (path, expected) in [
            ("~/x", "/home/ann/x"),
            ("~", "/home/ann/"),
            ("~/", "/home/ann/"),
            ("~ben/x", "~ben/x"),
            ("./~/x", "./~/x"),
            ("/~/x", "/~/x"),
            ("x", "x"),
            ("", ""),
        ] {
            assert_eq!(at_home(PathBuf::from(path), home), PathBuf::from(expected), "{path}");
        }
        assert_eq!(at_home(PathBuf::from("~/x"), None), PathBuf::from("~/x"));
    }
}
