//! The inner loop: the first word of SHA-256 for one nonce after another.
//!
//! Owns which kernels there are, which of them this machine can run, and which is the fastest here.
//! A kernel reports candidates by the first 32 bits of a hash; whether one meets the target is up
//! to [`crate::Search`].

// Before the modules that use its macro.
#[cfg(target_arch = "x86_64")]
#[macro_use]
mod detected;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod kernel_choice;
mod lanes;
mod library;
#[cfg(target_arch = "x86_64")]
mod limit;
mod portable;
#[cfg(target_arch = "x86_64")]
mod sha_ni;

use core::fmt;

use kusari_chain::Block;

pub(crate) use library::hash;

use crate::plan::{Batch, Plan};

/// A way to search that this machine can run. All find the same nonces; they differ in speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sha2,
    Portable,
    #[cfg(target_arch = "x86_64")]
    ShaNi(sha_ni::Detected, Streams),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Detected),
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Detected),
}

/// How many nonces are tried side by side.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Streams {
    Two,
    Five,
}

/// What no kernel can be faster than, on this machine or on any.
#[cfg_attr(
    not(target_arch = "x86_64"),
    expect(dead_code, reason = "only kernels of x86-64 have one")
)]
pub(crate) enum Limit {
    /// Cycles that a try takes at least, by a count of the operations of a processor that is known.
    Cycles(f64),
    /// Does the instructions that the kernel is about, of so many tries and nothing else.
    Instructions(Box<dyn Fn(u64) + Send + Sync>),
}

/// What a kernel is to search: nonces with the same high half, so at most `2^32` of them.
pub(crate) struct Task<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) batch: &'a Batch,
    /// The greatest first word of a hash that can meet the target.
    pub(crate) limit: u32,
    /// Low half of the first nonce.
    pub(crate) first: u32,
    /// How many nonces; with `first`, at most up to the end of the low half.
    pub(crate) count: u64,
}

impl Kernel {
    /// The kernels that this machine can run.
    pub fn available() -> impl Iterator<Item = Self> {
        [
            Some(Kind::Sha2),
            Some(Kind::Portable),
            #[cfg(target_arch = "x86_64")]
            sha_ni::Detected::new().map(|detected| Kind::ShaNi(detected, Streams::Two)),
            #[cfg(target_arch = "x86_64")]
            sha_ni::Detected::new().map(|detected| Kind::ShaNi(detected, Streams::Five)),
            #[cfg(target_arch = "x86_64")]
            avx2::Detected::new().map(Kind::Avx2),
            #[cfg(target_arch = "x86_64")]
            avx512::Detected::new().map(Kind::Avx512),
        ]
        .into_iter()
        .flatten()
        .map(Self)
    }

    /// The kernel of this name, if this machine can run it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::available().find(|kernel| kernel.name() == name)
    }

    /// The fastest kernel here. The first call measures, for about a millisecond.
    #[must_use]
    pub fn fastest() -> Self {
        kernel_choice::fastest()
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Sha2 => "sha2",
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi(_, Streams::Two) => "sha-ni-2",
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi(_, Streams::Five) => "sha-ni-5",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => "avx512",
        }
    }

    /// The limit of tries for `template`; `None` where nothing was counted.
    pub(crate) fn limit(self, template: &Block) -> Option<Limit> {
        #[cfg(target_arch = "x86_64")]
        let later_blocks = Plan::new(template).tails.len() as u32;
        #[cfg(not(target_arch = "x86_64"))]
        let _ = template;
        match self.0 {
            Kind::Sha2 | Kind::Portable => None,
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi(detected, _) => Some(Limit::Instructions(Box::new(move |tries| {
                detected.instructions_alone(tries, later_blocks.into());
            }))),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => Some(Limit::Cycles(limit::avx2(later_blocks))),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => Some(Limit::Cycles(limit::avx512(later_blocks))),
        }
    }

    /// How many nonces after the first of the task the first candidate lies, if there is one.
    pub(crate) fn scan(self, task: &Task<'_>) -> Option<u64> {
        match self.0 {
            Kind::Sha2 => library::scan(task),
            Kind::Portable => portable::scan(task),
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi(detected, Streams::Two) => detected.scan_two(task),
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi(detected, Streams::Five) => detected.scan_five(task),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(detected) => detected.scan(task),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(detected) => detected.scan(task),
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
