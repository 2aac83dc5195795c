//! The difference between what is expected and what was found, line by line.

use diffy::DiffOptions;

/// A unified diff. Empty where the texts are the same.
pub(super) fn unified(expected: &str, found: &str) -> String {
    if expected == found {
        return String::new();
    }
    DiffOptions::new()
        .set_original_filename("expected")
        .set_modified_filename("found")
        .create_patch(expected, found)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_both_sides_and_a_little_around() {
        let before = "1\n2\n3\n4\n5\n6\n";
        let after = "1\n2\n3\n4\nfive\n6\n";
        assert_eq!(
            unified(before, after),
            "--- expected\n+++ found\n@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-5\n+five\n 6\n"
        );
        assert_eq!(unified(before, before), "");
    }
}
