//! The difference between what is expected and what was found, line by line.

use std::time::Duration;

use similar::TextDiff;

/// How long the shortest difference is searched for; after that a longer one is shown.
const SEARCH_TIME: Duration = Duration::from_secs(1);

/// A unified diff. Empty where the texts are the same.
pub(super) fn unified(expected: &str, found: &str) -> String {
    TextDiff::configure()
        .timeout(SEARCH_TIME)
        .diff_lines(expected, found)
        .unified_diff()
        .context_radius(3)
        .header("expected", "found")
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
