//! Command lines and configuration files, and what they mean.

use std::num::NonZeroUsize;
use std::path::Path;

use kusari_miner::Kernel;
use tracing_subscriber::filter::LevelFilter;

use super::super::settings::{Settings, Storage, Surroundings};
use super::*;
use kusari_api::BindAddress;

fn settings_with(file: &str, line: &str) -> Result<Settings, UsageError> {
    let words = format!("kusari {line}");
    let surroundings = Surroundings {
        data_directory: Some(PathBuf::from("/data")),
        cores: NonZeroUsize::new(3).unwrap(),
    };
    let args = match read(words.split_whitespace().map(OsString::from))? {
        Asked::Run(args) => *args,
        // Without a word there is the first screen; a file is named by one.
        Asked::Print(_) if line.is_empty() => Args::default(),
        Asked::Print(text) => panic!("{line}: {text}"),
    };
    Settings::new(args, Args::of_file(file, "kusari.toml")?, &surroundings)
}

fn settings(line: &str) -> Result<Settings, UsageError> {
    settings_with("", line)
}

fn directory(path: &str) -> Storage {
    Storage::Directory(PathBuf::from(path))
}

#[test]
fn both_forms_say_the_same() {
    for line in [
        "8081 127.0.0.1:8080 localhost:1",
        "--listen 8081 --connect 127.0.0.1:8080 --connect localhost:1",
        "--connect=127.0.0.1:8080 --connect=localhost:1 --listen=0.0.0.0:8081",
        "8081 127.0.0.1:8080 --connect localhost:1",
        "--listen 8081 127.0.0.1:8080 localhost:1",
    ] {
        let settings = settings(line).unwrap();
        assert_eq!(settings.listen, "0.0.0.0:8081".parse().unwrap(), "{line}");
        let peers = ["127.0.0.1:8080", "localhost:1"].map(|peer| peer.parse().unwrap());
        assert_eq!(settings.connect, peers, "{line}");
        assert_eq!(settings.storage, directory("/data/kusari/classic-8081"), "{line}");
    }
}

#[test]
fn what_is_not_said_has_a_default() {
    let settings = settings("--listen [::]:8080").unwrap();
    assert_eq!(settings.listen, "[::]:8080".parse().unwrap());
    assert_eq!(settings.connect, []);
    assert_eq!(settings.max_peers, 64);
    assert_eq!((settings.max_per_address, settings.max_per_group), (24, 32));
    assert_eq!(settings.miner_threads.get(), 3);
    assert_eq!(settings.miner_kernel, None);
    assert!(!settings.quiet);
    assert_eq!(settings.log, LevelFilter::WARN);
}

#[test]
fn every_option_is_heard() {
    let line = "8080 --data-dir d --max-peers 7 --miner-threads 2 --miner-kernel portable --quiet \
                --log trace --max-per-address 3 --max-per-group 4 --allow 10.0.0.0/8 --allow ::1 --deny 10.1.0.0/16";
    let settings = settings(line).unwrap();
    assert_eq!(settings.storage, directory("d"));
    assert_eq!((settings.max_peers, settings.miner_threads.get()), (7, 2));
    assert_eq!((settings.max_per_address, settings.max_per_group), (3, 4));
    let networks =
        |texts: &[&str]| -> Vec<_> { texts.iter().map(|t| t.parse().unwrap()).collect() };
    assert_eq!(settings.allow, networks(&["10.0.0.0/8", "::1/128"]));
    assert_eq!(settings.deny, networks(&["10.1.0.0/16"]));
    assert_eq!(settings.miner_kernel.map(Kernel::name), Some("portable"));
    assert!(settings.quiet);
    assert_eq!(settings.log, LevelFilter::TRACE);
    let storage = |line| self::settings(line).unwrap().storage;
    assert_eq!(storage("--listen 127.0.0.1:0 --ephemeral"), Storage::Memory);
    assert_eq!(storage("0 --data-dir d"), directory("d"));
}

#[test]
fn what_makes_no_sense_is_refused_in_one_sentence_with_the_remedy() {
    for (line, cause, remedy) in [
        ("", "no port to listen on is given", "kusari --listen 8080"),
        ("8080 --listen 8080", "`8080` is not a peer's address", "write host:port"),
        ("65536", "`65536` is not a port", "from 1 to 65535"),
        ("http", "`http` is not a port", "from 1 to 65535"),
        ("127.0.0.1:8080", "`127.0.0.1:8080` is not a port", "--listen 8080"),
        ("--listen 65536", "`65536` is not a port", "from 1 to 65535"),
        ("--listen localhost:8080", "is not an address to listen on", "127.0.0.1:8080"),
        ("--listen ::1", "is not an address to listen on", "[::]:8080"),
        ("8080 8081", "`8081` is not a peer's address", "write host:port"),
        ("--listen 1 --connect :1", "`:1` is not a peer's address", "write host:port"),
        ("--listen 0", "with port 0", "--ephemeral"),
        ("0", "with port 0", "--data-dir"),
        ("8080 --data-dir d --ephemeral", "--data-dir keeps", "leave out one"),
        ("8080 --data-dir=", "a value is required for '--data-dir", "`kusari --help`"),
        ("8080 --max-reorg-depth deep", "`deep` is no depth", "--max-reorg-depth 288"),
        ("8080 --max-reorg-depth -1", "unexpected argument '-1'", "--help"),
        ("8080 --max-peers 0", "max-peers is out of range", "from 1 to 4096"),
        ("8080 --max-per-address 0", "max-per-address is out of range", "from 1 to 4096"),
        ("8080 --max-per-group 4097", "max-per-group is out of range", "from 1 to 4096"),
        ("8080 --allow example.org", "`example.org` is no network", "--allow 192.168.0.0/16"),
        ("8080 --deny 10.0.0.0/33", "`10.0.0.0/33` is no network", "--deny 192.168.0.0/16"),
        ("8080 a:1 b:1 --max-peers 1", "2 peers to connect to are more than 1", "--max-peers"),
        ("8080 --miner-threads 1025", "miner-threads is out of range", "from 1 to 1024"),
        ("8080 --miner-kernel abacus", "`abacus` is no miner kernel of this machine", "portable"),
        ("8080 --max-store much", "`much` is no size of a store", "500MiB"),
        ("8080 --max-peers x", "invalid value 'x' for '--max-peers <N>'", "--help"),
        ("8080 --log loud", "`loud` is not a log level", "choose off, error"),
        ("--lissten 8080", "unexpected argument '--lissten'", "did you mean --listen?"),
        ("8080 --nonsense", "unexpected argument '--nonsense'", "`kusari --help`"),
        ("--listen", "a value is required for '--listen <ADDRESS>'", "`kusari --help`"),
        ("8080 --quiet --quiet", "the argument '--quiet' cannot be used", "`kusari --help`"),
    ] {
        let error = settings(line).unwrap_err();
        assert!(error.cause.contains(cause), "{line}: {error}");
        assert!(error.remedy.contains(remedy), "{line}: {error}");
        let sentence = error.to_string();
        assert!(!sentence.contains('\n') && sentence.contains("; "), "{line}: {sentence}");
    }
}

#[test]
fn an_argument_that_is_not_text_is_refused() {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let words = ["kusari", "--listen"].map(OsString::from);
        let odd = OsString::from_vec(vec![0xff]);
        assert!(read(words.into_iter().chain([odd])).is_err());
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for (flag, words) in [
        ("--version", "kusari 0."),
        ("--help", "Examples:"),
        ("--help", "kusari PORT [HOST:PORT]..."),
        ("--help", "--miner-threads"),
        ("-h", "--listen <ADDRESS>"),
    ] {
        match read(["kusari", flag].map(OsString::from)).unwrap() {
            Asked::Print(text) => assert!(text.contains(words), "{flag}: {text}"),
            Asked::Run(args) => panic!("{args:?}"),
        }
    }
}

const FILE: &str = "
listen = '127.0.0.1:8080'
connect = ['localhost:1']
data-dir = '/from/file'
max-peers = 5
max-per-address = 2
max-per-group = 3
max-reorg-depth = 12
max-store = '3GiB'
miner-threads = 1
miner-kernel = 'sha2'
quiet = true
log = 'debug'
";

#[test]
fn a_file_says_the_same_by_the_same_names() {
    let settings = settings_with(FILE, "").unwrap();
    assert_eq!(settings.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(settings.connect, ["localhost:1".parse().unwrap()]);
    assert_eq!(settings.storage, directory("/from/file"));
    assert_eq!((settings.max_peers, settings.miner_threads.get()), (5, 1));
    assert_eq!((settings.max_per_address, settings.max_per_group), (2, 3));
    assert_eq!(settings.max_reorg_depth, Some(12));
    assert_eq!(settings.max_store, Some(3 << 30));
    assert_eq!(settings.miner_kernel.map(Kernel::name), Some("sha2"));
    assert!(settings.quiet);
    assert_eq!(settings.log, LevelFilter::DEBUG);
    assert_eq!(settings_with("listen = 81", "").unwrap().listen.port(), 81);
    let memory = settings_with("listen = 81\nephemeral = true", "").unwrap();
    assert_eq!(memory.storage, Storage::Memory);
}

#[test]
fn a_ledger_takes_back_288_blocks_by_itself_unless_told_otherwise_and_the_classic_chain_any_number()
{
    let depth = |file: &str, line: &str| settings_with(file, line).unwrap().max_reorg_depth;
    assert_eq!(depth("", "8080"), None);
    assert_eq!(depth("", "8080 --chain ledger"), Some(288));
    assert_eq!(depth("", "8080 --max-reorg-depth 0"), Some(0));
    assert_eq!(depth("", "8080 --chain ledger --max-reorg-depth none"), None);
    assert_eq!(depth(FILE, "--max-reorg-depth none"), None);
    assert_eq!(depth("listen = 1\nmax-reorg-depth = 'none'", "--chain ledger"), None);
}

#[test]
fn a_store_may_take_10_gib_unless_told_otherwise() {
    let most = |line: &str| settings(line).unwrap().max_store;
    assert_eq!(most("8080"), Some(10 << 30));
    assert_eq!(most("8080 --max-store 500MiB"), Some(500 << 20));
    assert_eq!(most("8080 --max-store none"), None);
}

#[test]
fn options_win_over_the_file() {
    let line = "--listen 9 --connect a:2 --max-peers 6 --miner-threads 2 --miner-kernel portable \
                --log off --data-dir d";
    let settings = settings_with(FILE, line).unwrap();
    assert_eq!(settings.listen.port(), 9);
    assert_eq!(settings.connect, ["a:2".parse().unwrap()]);
    assert_eq!(settings.storage, directory("d"));
    assert_eq!((settings.max_peers, settings.miner_threads.get()), (6, 2));
    assert_eq!(settings.miner_kernel.map(Kernel::name), Some("portable"));
    assert_eq!(settings.log, LevelFilter::OFF);
    assert_eq!(settings_with(FILE, "--ephemeral").unwrap().storage, Storage::Memory);
    let older = settings_with(FILE, "10 b:3").unwrap();
    assert_eq!((older.listen.port(), older.connect.len()), (10, 1));
}

#[test]
fn a_wrong_file_is_refused_with_the_place_and_the_key() {
    for (file, cause) in [
        ("listen = 80\nconect = []", "kusari.toml, line 2: unknown field `conect`"),
        ("listen = 80\nlisten = 81", "kusari.toml, line 2: duplicate key"),
        ("\n\nmax-peers = 'many'", "kusari.toml, line 3: invalid type: string \"many\""),
        ("listen = true", "kusari.toml, line 1: expected a port or an address in quotes"),
        ("listen =", "kusari.toml, line 1: "),
        ("listen = 70000", "`70000` is not a port"),
        ("listen = 1\nconnect = ['x']", "`x` is not a peer's address"),
        ("listen = 1\nephemeral = true\ndata-dir = 'd'", "--data-dir keeps the chain"),
        ("listen = 1\ndata-dir = ''", "the name of the data directory is empty"),
        ("listen = 1\nmax-peers = 0", "max-peers is out of range"),
        ("listen = 1\nminer-kernel = ''", "`` is no miner kernel of this machine; choose one of"),
    ] {
        let error = settings_with(file, "").unwrap_err().to_string();
        assert!(error.contains(cause), "{file:?}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
    let missing = Args::open(Path::new("/nowhere/kusari.toml")).unwrap_err().to_string();
    assert!(missing.contains("/nowhere/kusari.toml cannot be read"), "{missing}");
}

#[test]
fn the_local_api_answers_on_this_machine_or_not_at_all() {
    let at = |address: &str| BindAddress::At(address.parse().unwrap());
    let http = |line: &str| settings(line).map(|settings| settings.http);
    for (line, place) in [
        ("8080", BindAddress::Usual),
        ("8080 --http off", BindAddress::Off),
        ("8080 --http 9", at("127.0.0.1:9")),
        ("8080 --http 127.9.9.9:0", at("127.9.9.9:0")),
        ("8080 --http [::1]:9", at("[::1]:9")),
    ] {
        assert_eq!(http(line), Ok(place), "{line}");
    }
    for line in ["0.0.0.0:7878", "[::]:7878", "192.168.0.1:7878", "[::ffff:127.0.0.1]:7878"] {
        let error = http(&format!("8080 --http {line}")).unwrap_err().to_string();
        assert!(error.contains("reached from other machines"), "{error}");
        assert!(error.ends_with("use a tunnel such as ssh -L"), "{error}");
    }
    for line in ["on", "65536", "localhost:7878", "127.0.0.1", "http://127.0.0.1:7878"] {
        let error = http(&format!("8080 --http {line}")).unwrap_err().to_string();
        assert!(error.contains("is no place for the local API; write a port"), "{error}");
    }
    let file = "listen = 80\nhttp = 'off'\ntoken-file = 'from-file'";
    let from_file = settings_with(file, "").unwrap();
    assert_eq!(
        (from_file.http, from_file.token_file),
        (BindAddress::Off, Some("from-file".into()))
    );
    let over = settings_with(file, "--http 9 --token-file here").unwrap();
    assert_eq!((over.http, over.token_file), (at("127.0.0.1:9"), Some("here".into())));
    assert_eq!(settings_with("listen = 80\nhttp = 9", "").unwrap().http, at("127.0.0.1:9"));
}

#[test]
fn a_journal_is_written_where_the_option_or_else_the_file_says() {
    assert_eq!(settings("--listen 8080").unwrap().journal, None);
    let from_file = settings_with("journal = \"a.journal\"", "--listen 8080").unwrap();
    assert_eq!(from_file.journal, Some(PathBuf::from("a.journal")));
    let from_both = settings_with("journal = \"a\"", "--listen 8080 --journal b").unwrap();
    assert_eq!(from_both.journal, Some(PathBuf::from("b")));
    for nowhere in ["..", "/"] {
        let error = settings(&format!("--listen 8080 --journal {nowhere}")).unwrap_err();
        assert!(error.to_string().contains("--journal ./kusari.journal"), "{error}");
    }
}

#[test]
fn a_chain_is_classic_unless_the_option_or_else_the_file_says_otherwise() {
    let chain = |args: Option<&str>, file: Option<&str>| {
        let of = |chain: Option<&str>| Args { chain: chain.map(String::from), ..Args::default() };
        super::super::settings::chain(of(args).over(of(file)).chain.as_deref())
    };
    let ledger = Some(kusari_chain::ledger::ChainSpec::ledger());
    assert_eq!(chain(None, None), Ok(None));
    assert_eq!(chain(Some("classic"), Some("ledger")), Ok(None));
    assert_eq!(chain(None, Some("ledger")), Ok(ledger.clone()));
    assert_eq!(chain(Some("ledger"), Some("classic")), Ok(ledger));
    let error = chain(Some("legder"), None).unwrap_err();
    assert!(error.cause.ends_with("nor a file that is there"), "{error}");
    assert!(error.remedy.starts_with("`kusari chain-spec new"), "{error}");
}

#[test]
fn what_a_command_lacks_is_named_with_its_form() {
    for (line, lacks) in [("say", "<TEXT|->"), ("export", "<FILE|->"), ("grade", "<HOST:PORT>")] {
        let error = settings(line).unwrap_err().to_string();
        let expected = format!("{lacks} is missing; write it so: kusari {line} ");
        assert!(error.starts_with(&expected), "{error}");
    }
}
