//! What commands have in common: their help, their manual, completions, slips of the finger.

use super::support::Setup;
use super::support::command::kusari;

/// The commands, as `--help` lists them.
fn names() -> Vec<String> {
    let help = kusari("--help").printed();
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

/// The long options in a text.
fn options(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || "[]=,.`'\"".contains(c));
    let mut found: Vec<String> =
        words.filter(|word| word.starts_with("--") && word.len() > 2).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn completions_and_manual_pages_name_every_command_and_option() {
    let names = names();
    assert!(names.len() >= 13, "{names:?}");
    let scripts = ["bash", "elvish", "fish", "powershell", "zsh"]
        .map(|shell| kusari(&format!("completions {shell}")).printed());
    let setup = Setup::bare("man");
    let directory = setup.home().to_str().unwrap();
    let wrote = kusari(&format!("man --directory {directory}")).printed();
    assert_eq!(wrote, format!("Wrote {} pages to {directory}\n", names.len() + 1));
    let page = |name: &str| {
        let page = std::fs::read_to_string(setup.home().join(name)).unwrap();
        page.replace("\\-", "-").replace("\\fB", "").replace("\\fR", " ")
    };
    let main = page("kusari.1");
    for name in &names {
        assert!(main.contains(&format!("kusari-{name}")), "{name} is not in kusari.1");
        let own = page(&format!("kusari-{name}.1"));
        for option in options(&kusari(&format!("{name} --help")).printed()) {
            assert!(own.contains(&option), "{option} is not in the page of {name}:\n{own}");
            for script in &scripts {
                assert!(script.contains(option.trim_start_matches("--")), "{name} {option}");
            }
        }
        assert!(scripts.iter().all(|script| script.contains(name.as_str())), "{name}");
    }
    let usage = kusari("-h").printed();
    for option in options(&usage) {
        assert!(main.contains(&option), "{option} is not in kusari.1");
    }
    let printed = kusari("man").printed();
    assert_eq!(printed, std::fs::read_to_string(setup.home().join("kusari.1")).unwrap());
}

#[test]
fn a_directory_that_cannot_take_manual_pages_is_named() {
    let errors = kusari("man --directory nowhere").refused(1);
    assert!(errors.contains("kusari.1 cannot be written"), "{errors}");
}

#[test]
fn a_slip_of_the_finger_is_answered_with_the_command_that_was_meant() {
    for (words, meant) in [
        ("sya hi", "did you mean `kusari say`?"),
        ("stauts", "did you mean `kusari status`?"),
        ("stauts --json", "did you mean `kusari status`?"),
        ("chian --from 1", "did you mean `kusari chain`?"),
        ("help", "did you mean `kusari --help`?"),
        ("chain --form 1", "did you mean --from?"),
        ("say", "write it so: kusari say <TEXT|->"),
        ("completions tcsh", "`kusari --help`"),
        ("status --data-dir d --node http://127.0.0.1:1", "`kusari --help`"),
    ] {
        let errors = kusari(words).refused(2);
        assert!(errors.contains(meant) && errors.lines().count() == 1, "{words}: {errors}");
    }
}
