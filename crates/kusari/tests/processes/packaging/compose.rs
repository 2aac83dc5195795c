//! The nodes of `deploy/docker-compose.yml`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use saphyr::{LoadableYamlNode, Yaml};

use super::dockerfile::stages;
use super::program::{DATA_DIRECTORY, assert_understood};
use super::tools::{assert_success, read, root, run_if_installed};

const FILE: &str = "deploy/docker-compose.yml";

/// The keys of a service that this file uses, so that a slip of the pen is noticed.
const KEYS: [&str; 12] = [
    "build",
    "cap_drop",
    "command",
    "image",
    "mem_limit",
    "ports",
    "read_only",
    "restart",
    "security_opt",
    "stdin_open",
    "tty",
    "volumes",
];

/// The key that takes over the content of another mapping.
const MERGE: &str = "<<";

/// A service with what it takes over from others.
struct Service<'a> {
    name: &'a str,
    node: &'a Yaml<'a>,
}

impl<'a> Service<'a> {
    fn get(&self, key: &str) -> Option<&'a Yaml<'a>> {
        let merged = self.node.as_mapping_get(MERGE);
        let found = self.node.as_mapping_get(key);
        found.or_else(|| merged.and_then(|merged| merged.as_mapping_get(key)))
    }

    #[track_caller]
    fn words(&self, key: &str) -> Vec<&'a str> {
        let list = self.get(key).and_then(Yaml::as_sequence);
        assert!(list.is_some(), "{} has no list of {key}", self.name);
        list.into_iter().flatten().map(|word| word.as_str().unwrap()).collect()
    }

    fn is(&self, key: &str) -> bool {
        self.get(key).and_then(Yaml::as_bool) == Some(true)
    }

    fn options(&self, option: &str) -> Vec<&'a str> {
        let words = self.words("command");
        words.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1]).collect()
    }
}

fn keys<'a>(mapping: &'a Yaml<'a>) -> Vec<&'a str> {
    let mapping = mapping.as_mapping().unwrap();
    mapping.iter().map(|(key, _)| key.as_str().unwrap()).collect()
}

fn services<'a>(file: &'a Yaml<'a>) -> Vec<Service<'a>> {
    let services = file["services"].as_mapping().unwrap();
    services.iter().map(|(name, node)| Service { name: name.as_str().unwrap(), node }).collect()
}

#[track_caller]
fn with_file(check: impl Fn(&Yaml)) {
    let text = read(FILE);
    let files = Yaml::load_from_str(&text).unwrap();
    assert_eq!(files.len(), 1);
    check(&files[0]);
}

#[track_caller]
fn for_each_node(check: impl Fn(&Service)) {
    with_file(|file| services(file).iter().for_each(&check));
}

#[test]
fn three_nodes_are_published_to_this_machine_as_the_tutorials_were() {
    with_file(|file| {
        let services = services(file);
        let names: Vec<&str> = services.iter().map(|service| service.name).collect();
        assert_eq!(names, ["node1", "node2", "node3"]);
        for (service, port) in services.iter().zip(["3001", "3002", "3003"]) {
            assert_eq!(service.words("ports"), [format!("127.0.0.1:{port}:3000")]);
            assert_eq!(service.options("--listen"), ["3000"]);
        }
    });
    assert_eq!(stages().pop().unwrap().one("EXPOSE").rest, "3000");
}

#[test]
fn each_two_nodes_are_connected_once() {
    with_file(|file| {
        let mut pairs = BTreeSet::new();
        for service in services(file) {
            for peer in service.options("--connect") {
                let name = peer.strip_suffix(":3000").unwrap();
                let pair = BTreeSet::from([service.name, name]);
                assert!(pairs.insert(pair), "{} and {name} are connected twice", service.name);
            }
        }
        let expected = [["node1", "node2"], ["node1", "node3"], ["node2", "node3"]];
        assert_eq!(pairs, expected.map(BTreeSet::from).into());
    });
}

#[test]
fn the_second_and_the_third_have_a_prompt() {
    with_file(|file| {
        let services = services(file);
        let prompts = services.iter().map(|node| (node.is("tty"), node.is("stdin_open")));
        assert_eq!(prompts.collect::<Vec<_>>(), [(false, false), (true, true), (true, true)]);
    });
}

#[test]
fn the_program_understands_every_command() {
    for_each_node(|service| assert_understood(&service.words("command")));
}

#[test]
fn every_node_keeps_its_chain_in_a_volume_of_its_own() {
    with_file(|file| {
        let mut declared = keys(&file["volumes"]);
        for service in services(file) {
            assert_eq!(service.options("--data-dir"), [DATA_DIRECTORY]);
            let mounted = format!("{}:{DATA_DIRECTORY}", service.name);
            assert_eq!(service.words("volumes"), [mounted]);
            declared.retain(|name| *name != service.name);
        }
        assert!(declared.is_empty(), "nobody uses {declared:?}");
    });
}

#[test]
fn no_node_has_a_privilege_or_a_disk_besides() {
    for_each_node(|service| {
        let name = service.name;
        assert!(service.is("read_only"), "{name}");
        assert_eq!(service.words("cap_drop"), ["ALL"], "{name}");
        assert_eq!(service.words("security_opt"), ["no-new-privileges:true"], "{name}");
        assert_eq!(service.get("mem_limit").and_then(Yaml::as_str), Some("512m"), "{name}");
        assert_eq!(service.get("restart").and_then(Yaml::as_str), Some("unless-stopped"), "{name}");
    });
}

#[test]
fn every_node_is_built_from_the_dockerfile_in_the_root_of_the_repository() {
    for_each_node(|service| {
        let build = service.get("build").unwrap();
        // Docker Compose takes the context from where the file is, and the Dockerfile from there.
        let here = root().join(Path::new(FILE).parent().unwrap());
        let context = here.join(build["context"].as_str().unwrap()).canonicalize().unwrap();
        assert_eq!(context, root(), "{}", service.name);
        assert_eq!(build["dockerfile"].as_str(), Some("deploy/Dockerfile"), "{}", service.name);
        assert_eq!(service.get("image").and_then(Yaml::as_str), Some("kusari"));
    });
}

#[test]
fn every_key_is_one_of_docker_composes() {
    with_file(|file| {
        assert_eq!(keys(file), ["name", "x-node", "services", "volumes"]);
        for service in services(file) {
            let merged = service.node.as_mapping_get(MERGE).map(keys).unwrap_or_default();
            for key in keys(service.node).into_iter().chain(merged) {
                assert!(key == MERGE || KEYS.contains(&key), "{}: {key}", service.name);
            }
        }
    });
}

#[test]
fn docker_compose_takes_the_file_where_it_is_installed() {
    let compose = |words: &[&str]| {
        run_if_installed(Command::new("docker").arg("compose").args(words).current_dir(root()))
    };
    if compose(&["version"]).is_some_and(|output| output.status.success())
        && let Some(output) = compose(&["--file", FILE, "config", "--quiet"])
    {
        assert_success(FILE, &output);
    }
}
