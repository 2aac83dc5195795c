//! The Dockerfile, read as Docker does.

use super::tools::read;

/// All that there are, save those that are deprecated.
const INSTRUCTIONS: [&str; 17] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// One instruction with its continued lines joined.
pub(crate) struct Instruction {
    pub(crate) name: String,
    pub(crate) rest: String,
}

impl Instruction {
    /// The words of the form `["a", "b"]`, which no shell reads.
    #[track_caller]
    pub(crate) fn exec_form(&self) -> Vec<String> {
        let words = serde_json::from_str(&self.rest);
        assert!(words.is_ok(), "{} {} is not in exec form", self.name, self.rest);
        words.unwrap_or_default()
    }
}

/// From one `FROM` to the next.
pub(crate) struct Stage(Vec<Instruction>);

impl Stage {
    pub(crate) fn all(&self, name: &str) -> Vec<&Instruction> {
        self.0.iter().filter(|instruction| instruction.name == name).collect()
    }

    /// The one instruction of this name.
    #[track_caller]
    pub(crate) fn one(&self, name: &str) -> &Instruction {
        let found = self.all(name);
        assert_eq!(found.len(), 1, "there should be one {name}");
        found[0]
    }

    /// Where the first and the last instruction of this name stand.
    #[track_caller]
    pub(crate) fn span(&self, name: &str) -> (usize, usize) {
        let is_it = |instruction: &Instruction| instruction.name == name;
        let first = self.0.iter().position(is_it);
        (first.unwrap(), self.0.iter().rposition(is_it).unwrap())
    }

    /// The image of `FROM image AS name`.
    pub(crate) fn base(&self) -> &str {
        self.one("FROM").rest.split(' ').next().unwrap()
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.one("FROM").rest.split_once(" AS ").map(|(_, name)| name)
    }

    /// Sources and target of each `COPY` from the repository.
    pub(crate) fn copies(&self) -> Vec<(Vec<&str>, &str)> {
        let here = self.all("COPY").into_iter().filter(|copy| !copy.rest.starts_with("--from="));
        here.map(|copy| {
            let mut words: Vec<&str> = copy.rest.split(' ').collect();
            let target = words.pop().unwrap();
            (words, target)
        })
        .collect()
    }
}

/// The stages of `deploy/Dockerfile`.
#[track_caller]
pub(crate) fn stages() -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    for instruction in instructions(&read("deploy/Dockerfile")) {
        if instruction.name == "FROM" {
            stages.push(Stage(Vec::new()));
        }
        let stage = stages.last_mut();
        assert!(stage.is_some(), "{} stands before the first FROM", instruction.name);
        if let Some(stage) = stage {
            stage.0.push(instruction);
        }
    }
    stages
}

#[track_caller]
fn instructions(text: &str) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut joined = String::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(start) = line.strip_suffix('\\') {
            joined.push_str(start.trim_end());
            joined.push(' ');
            continue;
        }
        joined.push_str(line);
        let (name, rest) = joined.split_once(' ').unwrap();
        assert!(INSTRUCTIONS.contains(&name), "{name} is no instruction");
        found.push(Instruction { name: name.to_owned(), rest: rest.trim().to_owned() });
        joined.clear();
    }
    assert!(joined.is_empty(), "the last line is continued by nothing");
    found
}
