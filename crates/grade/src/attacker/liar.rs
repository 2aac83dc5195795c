//! Introduced peers that say what is not so.

use crate::introduced::hello::Claim;
use crate::introduced::source::wait_for_question;
use crate::mining::{self, line, lines};
use crate::report::Evidence;
use crate::{CONDUCT, Case};

use super::still_serves;

/// Peers that claim what they do not have.
const BOASTERS: u64 = 8;

pub(super) const CASES: &[Case] = &[
    Case::kusari(
        CONDUCT,
        "serves others while 8 peers claim giant heights and never deliver",
        |bench| {
            let mut boasters = Vec::new();
            for number in 1..=BOASTERS {
                let claim = Claim::giant(number);
                let mut boaster = bench.introduce(&claim)?;
                boaster.send(claim.have());
                boasters.push(boaster);
            }
            let done = format!("HELLO and {} on 8 connections", Claim::giant(1).have());
            still_serves(bench, &done)
        },
    ),
    Case::kusari(
        CONDUCT,
        "keeps its chain when an answer to GET_BLOCKS is full of lies",
        |bench| {
            let promised = bench.mine(3);
            let mut liar = bench.introduce(&Claim::of(&promised[2]))?;
            let question = wait_for_question(&mut liar, "HELLO")?.line;
            let mut changed = promised[0].clone();
            changed.data.push('!');
            let lies = lines(&bench.chain()[..bench.chain().len().min(50)])
                + &line(&promised[2])
                + &line(&changed)
                + "END:{\"count\":4294967295,\"missing\":[]}\n"
                + "END:{\"count\":-1,\"missing\":7}\n"
                + &line(&mining::without_work(&bench.tip(), "lazy"))
                + &line(&mining::mine(&changed, "on sand"))
                + "END:{\"count\":0,\"missing\":[]}\nEND:{}\n";
            liar.send(&lies);
            bench.collect(&mut liar);
            let shown = bench
                .unchanged(&format!("in answer to {question}: {}", line(&changed)), "no change")?;
            still_serves(bench, &shown.sent)
        },
    ),
    Case::kusari(
        CONDUCT,
        "serves others while an answer repeats old blocks and never ends",
        |bench| {
            let promised = bench.mine(2);
            let mut liar = bench.introduce(&Claim::of(&promised[1]))?;
            let question = wait_for_question(&mut liar, "HELLO")?.line;
            let old = line(&bench.tip());
            for _ in 0..100 {
                liar.send(old.repeat(10));
            }
            let done = format!("in answer to {question}, 1,000 times: {old}");
            still_serves(bench, &done)
        },
    ),
    Case::kusari(CONDUCT, "serves others after messages that answer nothing it asked", |bench| {
        let mut peer = bench.introduce_as_equal()?;
        let sent = "PONG:7\nPEERS:[\"127.0.0.1:1\",\"[::1]:1\"]\nSTATUS:{}\nHELP:{}\n\
                END:{\"count\":0,\"missing\":[]}\nHEADERS:[]\nACCEPTED:{\"txid\":\"\"}\n\
                PEERS:[\"not an address\"]\nEND:[]\n";
        peer.send(sent);
        let shown = still_serves(bench, sent)?;
        bench.collect(&mut peer);
        Ok(Evidence::new(sent, shown.got))
    }),
];
