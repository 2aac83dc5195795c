//! Introduced peers that say what is not so.

use crate::introduced::hello::Claim;
use crate::introduced::source::wait_for_question;
use crate::mining::{self, line, lines};
use crate::needs::Need;
use crate::report::{Evidence, Step};
use crate::{CONDUCT, Case};

use super::still_serves;

/// Peers that claim what they do not have.
const BOASTERS: u64 = 8;

pub(super) const CASES: &[Case] = &[
    Case::kusari(
        CONDUCT,
        "serves others while 8 peers claim giant heights and never deliver",
        |target| {
            let mut boasters = Vec::new();
            for number in 1..=BOASTERS {
                let claim = Claim::giant(number);
                let mut boaster = target.introduce(&claim)?;
                boaster.send(claim.have());
                boasters.push(boaster);
            }
            let done = format!("HELLO and {} on 8 connections", Claim::giant(1).have());
            still_serves(target, &done)
        },
    ),
    Case::kusari(
        CONDUCT,
        "keeps its chain when an answer to GET_BLOCKS is full of lies",
        |target| {
            let promised = target.mine(3);
            let mut liar = target.introduce(&Claim::of(&promised[2]))?;
            let question =
                wait_for_question(&mut liar, "HELLO").or_untried("it does not ask")?.line;
            let mut changed = promised[0].clone();
            changed.data.push('!');
            let lies = lines(&target.chain()[..target.chain().len().min(50)])
                + &line(&promised[2])
                + &line(&changed)
                + "END:{\"count\":4294967295,\"missing\":[]}\n"
                + "END:{\"count\":-1,\"missing\":7}\n"
                + &line(&mining::without_work(&target.tip(), "lazy"))
                + &line(&mining::mine(&changed, "on sand"))
                + "END:{\"count\":0,\"missing\":[]}\nEND:{}\n";
            liar.send(&lies);
            target.collect(&mut liar);
            target.unchanged(&format!("in answer to {question}: {}", line(&changed)), "no change")
        },
    )
    .needing(&[Need::CatchesUp]),
    Case::kusari(
        CONDUCT,
        "serves others while an answer repeats old blocks and never ends",
        |target| {
            let promised = target.mine(2);
            let mut liar = target.introduce(&Claim::of(&promised[1]))?;
            let question =
                wait_for_question(&mut liar, "HELLO").or_untried("it does not ask")?.line;
            let old = line(&target.tip());
            for _ in 0..100 {
                liar.send(old.repeat(10));
            }
            let done = format!("in answer to {question}, 1,000 times: {old}");
            still_serves(target, &done)
        },
    )
    .needing(&[Need::CatchesUp]),
    Case::kusari(CONDUCT, "serves others after messages that answer nothing it asked", |target| {
        let mut peer = target.introduce_as_equal()?;
        let sent = "PONG:7\nPEERS:[\"127.0.0.1:1\",\"[::1]:1\"]\nSTATUS:{}\nHELP:{}\n\
                END:{\"count\":0,\"missing\":[]}\nHEADERS:[]\nACCEPTED:{\"txid\":\"\"}\n\
                PEERS:[\"not an address\"]\nEND:[]\n";
        peer.send(sent);
        let shown = still_serves(target, sent)?;
        target.collect(&mut peer);
        Ok(Evidence::new(sent, shown.got))
    }),
];
