//! Records, searches, amounts, hashes and proofs on a ledger.

use serde_json::Value;

use super::super::support::Node;
use super::*;

/// A node of a ledger, and a place for commands that ask it.
struct Rig {
    node: Node,
    place: Place,
}

impl Rig {
    fn new() -> Self {
        let node = Setup::new("ledger").args(["--chain", "ledger"]).start();
        Self { node, place: Place::new() }
    }

    fn on(&self, words: &str) -> String {
        format!("{words} --data-dir {}", self.node.directory().display())
    }

    #[track_caller]
    fn json(&self, words: &str, input: &[u8]) -> Value {
        let (code, out, err) = self.place.run(&self.on(words), input);
        assert_eq!(code, 0, "{words}: {out}{err}");
        serde_json::from_str(out.lines().next().unwrap()).unwrap()
    }

    /// Records what is piped in, and waits until it is mined. Returns what stands in the chain.
    #[track_caller]
    fn recorded(&self, input: &[u8]) -> String {
        let report = self.json("record - --confirmations 1 --json", input);
        report["text"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_record_from_a_pipe_is_the_text_that_was_meant() {
    let rig = Rig::new();
    for (input, text) in [
        (b"hi\n".to_vec(), "hi"),
        (b"hi".to_vec(), "hi"),
        (b"\xef\xbb\xbfone\r\ntwo\r\n".to_vec(), "one\ntwo"),
        (utf_16("読書会\r\n"), "読書会"),
        // What is neither a mark nor the end of a line stays as it is.
        ("  cafe\u{301} \n\n".as_bytes().to_vec(), "  cafe\u{301} \n"),
    ] {
        assert_eq!(rig.recorded(&input), text);
    }
    rig.place.check(&[
        (&rig.on("record -"), b"\n", 1, "error: there is nothing to record; say some text"),
        (
            &rig.on("record -"),
            b"a\xff",
            1,
            "error: the input cannot be recorded (its byte 2 is not UTF-8); …",
        ),
    ]);
    let wide = utf_16("三\r\n四\r\n");
    let (code, out, err) = rig.place.run(&rig.on("record --lines - --confirmations 1"), &wide);
    assert_eq!((code, out.matches("Saved as transaction ").count()), (0, 2), "{out}{err}");
    rig.place.check(&[(&rig.on("find --text 四"), b"", 0, "Transaction …")]);
}

#[test]
fn a_text_is_found_in_any_form_and_only_if_it_looks_the_same() {
    let rig = Rig::new();
    rig.recorded("caf\u{e9} at 8\r\nbring tea\n".as_bytes());
    let none = "error: the best chain has no such transaction; …";
    rig.place.check(&[
        (&rig.on("find --text \"caf\u{e9} at 8\nbring tea\""), b"", 0, "Transaction …"),
        (&rig.on("find --text \"cafe\u{301} at 8\r\nbring tea\r\n\""), b"", 0, "Transaction …"),
        (
            &rig.on("prove --text \"cafe\u{301} at 8\nbring tea\n\" -o proof.json"),
            b"",
            0,
            "Wrote a proof of …",
        ),
        (&rig.on("find --text \"cafe at 8\nbring tea\""), b"", 1, none),
        (&rig.on("find --text \"Caf\u{e9} at 8\nbring tea\""), b"", 1, none),
    ]);
}

#[test]
fn an_amount_is_read_as_it_is_shown_and_never_guessed() {
    let rig = Rig::new();
    rig.recorded(b"the first block pays its miner");
    let to = "ks1wxfugu27mwxpd6jhnk5ag5ttkqg8kv55ple9hdcmhdzayaqpjyms4u2fh3";
    let pay = |amount: &str| rig.on(&format!("send {to} \"{amount}\" --json --confirmations 1"));
    for amount in ["1,000", "１０"] {
        rig.place.check(&[(&pay(amount), b"", 0, "{…")]);
    }
    let paid = rig.json(&format!("balance {to} --json"), b"");
    assert_eq!(paid["balance"].to_string().replace('"', ""), "1010");
    let error =
        |amount: &str, why: &str| format!("error: invalid value '{amount}' for '<AMOUNT>': {why}…");
    let several = "it could be several numbers; write digits alone, as in 7980";
    rig.place.check(&[
        (&pay("1,5"), b"", 2, &error("1,5", several)),
        (&pay("7.980"), b"", 2, &error("7.980", several)),
        (&pay("five"), b"", 2, &error("five", "it is no whole number; write digits")),
    ]);
}

#[test]
fn the_beginning_of_a_hash_is_taken_wherever_a_hash_is() {
    let rig = Rig::new();
    let report = rig.json("record one --confirmations 1 --json", b"");
    let (txid, hash) =
        (report["txid"].as_str().unwrap(), report["block"]["hash"].as_str().unwrap());
    let (id, short) = (&txid[..8], format!("{}…", &hash[..12]));
    let height = report["block"]["height"].to_string();
    let trust = "error: invalid value '…' for '--trust <HASH>': a block is trusted by all 64 digits of its hash, …";
    for running in [true, false] {
        rig.place.check(&[
            (&rig.on(&format!("block {short}")), b"", 0, "-----…"),
            (&rig.on(&format!("why {short}")), b"", 0, &format!("Block {hash}…")),
            (&rig.on(&format!("consistency 0 {short} --force -o link.json")), b"", 0, "Wrote …"),
            (
                &rig.on(&format!("prove {id} --force -o proof.json")),
                b"",
                0,
                &format!("Wrote a proof of transaction {txid} …"),
            ),
            (
                &rig.on(&format!("evidence {id} --force -o page.html")),
                b"",
                0,
                &format!("Wrote a page about transaction {txid} …"),
            ),
            (&rig.on(&format!("accept-branch {short}")), b"", 1, "error: …the best chain…"),
            (&rig.on("block ffffffff"), b"", 1, "error: …"),
            (
                &rig.on("block 1234567x"),
                b"",
                2,
                "error: `1234567x` is neither a height nor a hash; …",
            ),
            (
                &format!("verify proof.json --trust {hash}"),
                b"",
                0,
                &format!("Proven: transaction {txid}"),
            ),
            (&format!("verify proof.json --trust {short}"), b"", 2, trust),
            (&rig.on(&format!("block {height}")), b"", 0, "-----…"),
        ]);
        if running {
            rig.place.check(&[
                (&rig.on(&format!("tx {id}")), b"", 0, &format!("Transaction {txid}")),
                (
                    &rig.on(&format!("tx {}", &hash[..16])),
                    b"",
                    1,
                    "error: … is not the beginning of a transaction's hash here; …",
                ),
                (
                    &rig.on(&format!("erase {id}")),
                    b"",
                    0,
                    &format!("Erased the text of transaction {txid} …"),
                ),
            ]);
            rig.node.signal(nix::sys::signal::Signal::SIGTERM);
            rig.node.wait_for("Stopped.");
        }
    }
}

#[test]
fn a_proof_is_checked_however_it_was_saved_and_the_verdict_comes_first() {
    let rig = Rig::new();
    let report = rig.json("record one --confirmations 1 --json", b"");
    let (txid, hash) =
        (report["txid"].as_str().unwrap(), report["block"]["hash"].as_str().unwrap());
    rig.place.printed(&rig.on(&format!("prove {txid} -o proof.json")));
    let proof = fs::read_to_string(rig.place.path("proof.json")).unwrap();
    rig.place.file("marked", format!("\u{feff}{}", proof.replace('\n', "\r\n")).as_bytes());
    rig.place.file("wide", &utf_16(&proof));
    rig.place.file("bare", proof.trim_end().as_bytes());
    rig.place.file("cut", &proof.as_bytes()[..100]);
    rig.place.file("other", b"another file");
    let proven = format!("Proven: transaction {txid}");
    let elsewhere = "0000".repeat(16);
    rig.place.check(&[
        ("verify proof.json", b"", 0, &proven),
        ("verify marked", b"", 0, &proven),
        ("verify wide", b"", 0, &proven),
        ("verify bare", b"", 0, &proven),
        ("verify cut", b"", 1, "error: NOT PROVEN: cut: …"),
        (&format!("verify proof.json --trust {hash}"), b"", 0, &proven),
        (
            &format!("verify proof.json --trust {elsewhere}"),
            b"",
            1,
            &format!("NOT PROVEN: nothing leads from the trusted block {elsewhere} …"),
        ),
        ("verify proof.json --file other", b"", 1, "NOT PROVEN: what was recorded is no file"),
    ]);
    // What the verdict depends on stands right below it.
    let (_, out, _) = rig.place.run("verify proof.json", b"");
    let second = out.lines().nth(1).unwrap();
    assert!(second.starts_with("- Trusted  : nothing yet: "), "{out}");
    let (_, out, _) = rig.place.run("verify proof.json --file other --json", b"");
    assert!(out.starts_with("{\"proven\":false,\"txid\":"), "{out}");
}
