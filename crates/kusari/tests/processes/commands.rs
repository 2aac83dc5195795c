//! What commands have in common: their help, their manual, completions, slips of the finger.

use super::support::Setup;
use super::support::command::kusari;

/// The commands below a command, and those below them, as `--help` lists them.
fn names_below(command: &str) -> Vec<String> {
    let help = kusari(&format!("{command} --help")).printed();
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names
        .map(|name| format!("{command} {name}").trim_start().to_owned())
        .flat_map(|name| [vec![name.clone()], names_below(&name)].concat())
        .collect()
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
    let names = names_below("");
    assert!(names.contains(&"bench mine".to_owned()) && names.len() >= 15, "{names:?}");
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
        let dashed = name.replace(' ', "-");
        let above = match name.rsplit_once(' ') {
            Some((above, _)) => page(&format!("kusari-{above}.1")),
            None => main.clone(),
        };
        assert!(above.contains(&format!("kusari-{dashed}")), "{name} is not in the page above");
        let own = page(&format!("kusari-{dashed}.1"));
        for option in options(&kusari(&format!("{name} --help")).printed()) {
            assert!(own.contains(&option), "{option} is not in the page of {name}:\n{own}");
            for script in &scripts {
                assert!(script.contains(option.trim_start_matches("--")), "{name} {option}");
            }
        }
        let last = name.split(' ').next_back().unwrap();
        assert!(scripts.iter().all(|script| script.contains(last)), "{name}");
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
        ("chain --form 1", "did you mean --from?"),
        ("say", "write it so: kusari say <TEXT|->"),
        ("bench", "write it so: kusari bench mine; `kusari bench --help`"),
        ("bench mien", "did you mean mine?"),
        ("bench mine --threads 0", "0 is not in 1..=1024"),
        ("completions tcsh", "`kusari --help`"),
        ("status --data-dir d --node http://127.0.0.1:1", "`kusari --help`"),
    ] {
        let errors = kusari(words).refused(2);
        assert!(errors.contains(meant) && errors.lines().count() == 1, "{words}: {errors}");
    }
}
