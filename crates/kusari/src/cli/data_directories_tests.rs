//! Chains and ports, and the directories that they come to.

use super::*;

fn ledger(name: &str, salt: u8) -> ChainSpec {
    let mut spec = ChainSpec { name: name.into(), ..ChainSpec::ledger() };
    spec.salt.0 = [salt; 32];
    spec
}

fn name_of(directory: &Path) -> &str {
    directory.file_name().unwrap().to_str().unwrap()
}

#[test]
fn two_chains_never_share_a_directory_and_a_name_can_be_told_from_it() {
    let data = Path::new("/nowhere");
    let reading = ledger("読書会", 1);
    let fishing = ledger("釣り部", 1);
    let other = ledger("読書会", 2);
    let mut all: Vec<PathBuf> =
        [&reading, &fishing, &other, &ledger("classic", 1), &ledger("Classic", 1)]
            .map(|spec| chain_directory(data, Some(spec), 8080))
            .to_vec();
    all.push(chain_directory(data, None, 8080));
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "{all:?}");
    for (name, slug) in
        [("Our club", "our_club"), ("読書会 2026", "2026"), ("読書会", "chain"), ("../x", "x")]
    {
        let spec = ledger(name, 1);
        let id = spec.chain_id().to_string();
        let expected = format!("{slug}-{}-8080", &id[..8]);
        assert_eq!(name_of(&chain_directory(data, Some(&spec), 8080)), expected);
    }
}

#[test]
fn a_directory_of_an_earlier_version_is_found_by_the_chain_in_it_alone() {
    let home = tempfile::tempdir().unwrap();
    let (reading, fishing) = (ledger("読書会", 1), ledger("釣り部", 1));
    let former = home.path().join("kusari/___-8080");
    drop(Store::open_chain(&former, Some(&reading)).unwrap());
    assert_eq!(chain_directory(home.path(), Some(&reading), 8080), former);
    let other = chain_directory(home.path(), Some(&fishing), 8080);
    assert_ne!(other, former);
    assert_ne!(chain_directory(home.path(), Some(&reading), 8081), former);
    // Where it can't be told the person hears why, from the start that fails.
    std::fs::write(former.join(DATABASE_FILE), "junk").unwrap();
    assert_eq!(chain_directory(home.path(), Some(&fishing), 8080), former);
}

#[test]
fn a_port_with_several_chains_is_asked_about_unless_a_node_runs_on_one() {
    let home = tempfile::tempdir().unwrap();
    let of_port = |port| directory_of_port(home.path(), None, port);
    let classic = chain_directory(home.path(), None, 8080);
    assert_eq!(of_port(8080).unwrap(), classic);
    let spec = ledger("Our club", 1);
    let club = chain_directory(home.path(), Some(&spec), 8080);
    drop(Store::open_chain(&club, Some(&spec)).unwrap());
    assert_eq!(of_port(8080).unwrap(), club);
    // One that holds no chain is none to choose.
    std::fs::create_dir_all(&classic).unwrap();
    assert_eq!(of_port(8080).unwrap(), club);
    let store = Store::open(&classic).unwrap();
    let error = of_port(8080).unwrap_err().to_string();
    let both = [classic.display().to_string(), club.display().to_string()];
    assert!(
        both.iter().all(|path| error.contains(path)) && error.contains("--data-dir"),
        "{error}"
    );
    // What a crash left behind is no node that runs.
    std::fs::write(club.join(NodeFile::NAME), "{}").unwrap();
    assert!(of_port(8080).is_err());
    std::fs::write(classic.join(NodeFile::NAME), "{}").unwrap();
    assert_eq!(of_port(8080).unwrap(), classic);
    drop(store);
    assert_eq!(of_port(80).unwrap(), chain_directory(home.path(), None, 80));
}
