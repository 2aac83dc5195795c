//! Five nonces at once, in assembly.
//!
//! Where an instruction for two rounds may begin each cycle, four nonces would fill the four cycles that each
//! takes, and any cycle lost to something else would be lost for good; a fifth makes up for it. Their states
//! take ten of sixteen registers, and a compiler does not place the rest so that no state goes to memory. The
//! states are in `xmm1` to `xmm10`, the words and constants of the next rounds in `xmm0`, and the rest are
//! for what is soon forgotten. Words of the message schedule stand in memory.

use core::arch::asm;
use core::arch::x86_64::*;

use super::{Shared, State, low_word_terms, state_of};
use crate::kernel::Task;
use crate::plan::{INITIAL_STATE, K};

/// Nonces that are tried side by side.
pub(super) const STREAMS: usize = 5;

/// What the rounds work on. The assembly knows the order of its fields: the states are at 0, the schedules
/// at 160 bytes.
#[repr(C, align(64))]
struct Work {
    states: [State; STREAMS],
    /// The last sixteen words, four in a vector, of each nonce.
    schedules: [[__m128i; STREAMS]; 4],
}

/// Writes a step for each nonce: its number and the registers of its state come before the other arguments.
macro_rules! each_stream {
    ($step:ident $($argument:tt)*) => {
        concat!(
            $step!(0 1 2 $($argument)*),
            $step!(1 3 4 $($argument)*),
            $step!(2 5 6 $($argument)*),
            $step!(3 7 8 $($argument)*),
            $step!(4 9 10 $($argument)*),
        )
    };
}

macro_rules! load {
    ($at:literal $abef:literal $cdgh:literal) => {
        concat!(
            "vmovdqa xmm",
            $abef,
            ", xmmword ptr [{work} + 32*",
            $at,
            "]\n",
            "vmovdqa xmm",
            $cdgh,
            ", xmmword ptr [{work} + 32*",
            $at,
            " + 16]\n",
        )
    };
}

/// Adds the state at `$base`, where that of each nonce is `$step` bytes from the one before, and stores the sum.
macro_rules! add {
    ($at:literal $abef:literal $cdgh:literal, $base:literal, $step:literal) => {
        concat!(
            add!(sum $abef, $base, $step, $at, "0"),
            add!(sum $cdgh, $base, $step, $at, "16"),
        )
    };
    (sum $register:literal, $base:literal, $step:literal, $at:literal, $half:literal) => {
        concat!(
            "vpaddd xmm",
            $register,
            ", xmm",
            $register,
            ", xmmword ptr [",
            $base,
            " + ",
            $step,
            "*",
            $at,
            " + ",
            $half,
            "]\n",
            "vmovdqa xmmword ptr [{work} + 32*",
            $at,
            " + ",
            $half,
            "], xmm",
            $register,
            "\n",
        )
    };
}

macro_rules! first_two {
    ($at:literal $abef:literal $cdgh:literal) => {
        concat!("sha256rnds2 xmm", $cdgh, ", xmm", $abef, ", xmm0\n")
    };
}

macro_rules! last_two {
    ($at:literal $abef:literal $cdgh:literal) => {
        concat!("sha256rnds2 xmm", $abef, ", xmm", $cdgh, ", xmm0\n")
    };
}

/// Four rounds whose words are the same for all nonces.
macro_rules! shared_four {
    ($at:literal) => {
        concat!(
            "vmovdqu xmm0, xmmword ptr [{rounds} + 16*",
            $at,
            "]\n",
            each_stream!(first_two),
            "vpshufd xmm0, xmm0, 14\n",
            each_stream!(last_two),
        )
    };
}

/// A place in the schedules.
macro_rules! words {
    ($four:literal $at:literal) => {
        concat!("xmmword ptr [{work} + 160 + 16*5*", $four, " + 16*", $at, "]")
    };
}

/// Four rounds from the four words that `xmm11` has.
macro_rules! own_four {
    ($abef:literal $cdgh:literal $constants:literal) => {
        concat!(
            "vpaddd xmm0, xmm11, xmmword ptr [{k} + 16*",
            $constants,
            "]\n",
            "sha256rnds2 xmm",
            $cdgh,
            ", xmm",
            $abef,
            ", xmm0\n",
            "vpshufd xmm0, xmm0, 14\n",
            "sha256rnds2 xmm",
            $abef,
            ", xmm",
            $cdgh,
            ", xmm0\n",
        )
    };
}

/// Rounds 16 to 19, whose words are there.
macro_rules! known_four {
    ($at:literal $abef:literal $cdgh:literal) => {
        concat!(
            "vmovdqa xmm11, ", words!(0 $at), "\n",
            own_four!($abef $cdgh 4),
        )
    };
}

/// Four rounds of which four terms of each word are the same for all nonces.
macro_rules! partly_four {
    ($at:literal $abef:literal $cdgh:literal, $constants:literal, whole $sum:literal, $ago_4:literal => $place:literal) => {
        concat!(
            "vmovdqa xmm12, ", words!($ago_4 $at), "\n",
            "vmovdqa xmm11, xmmword ptr [{sums} + 16*", $sum, "]\n",
            "sha256msg2 xmm11, xmm12\n",
            "vmovdqa ", words!($place $at), ", xmm11\n",
            own_four!($abef $cdgh $constants),
        )
    };
    ($at:literal $abef:literal $cdgh:literal, $constants:literal, $sum:literal, $ago_8:literal $ago_4:literal => $place:literal) => {
        concat!(
            "vmovdqa xmm12, ", words!($ago_4 $at), "\n",
            "vpalignr xmm11, xmm12, ", words!($ago_8 $at), ", 4\n",
            "vpaddd xmm11, xmm11, xmmword ptr [{sums} + 16*", $sum, "]\n",
            "sha256msg2 xmm11, xmm12\n",
            "vmovdqa ", words!($place $at), ", xmm11\n",
            own_four!($abef $cdgh $constants),
        )
    };
}

/// Four rounds whose words follow from the sixteen before them.
macro_rules! whole_four {
    ($at:literal $abef:literal $cdgh:literal, $constants:literal, $ago_16:literal $ago_12:literal $ago_8:literal $ago_4:literal) => {
        concat!(
            "vmovdqa xmm11, ", words!($ago_16 $at), "\n",
            "sha256msg1 xmm11, ", words!($ago_12 $at), "\n",
            "vmovdqa xmm12, ", words!($ago_4 $at), "\n",
            "vpalignr xmm13, xmm12, ", words!($ago_8 $at), ", 4\n",
            "vpaddd xmm11, xmm11, xmm13\n",
            "sha256msg2 xmm11, xmm12\n",
            "vmovdqa ", words!($ago_16 $at), ", xmm11\n",
            own_four!($abef $cdgh $constants),
        )
    };
}

/// Runs assembly that changes the registers of the states and the [`Work`] it is given.
macro_rules! run {
    ($text:expr, $($operands:tt)*) => {
        asm!(
            $text,
            $($operands)*
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _,
            out("xmm5") _, out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _,
            out("xmm10") _, out("xmm11") _, out("xmm12") _, out("xmm13") _,
            options(nostack),
        )
    };
}

/// Hashes the first block of each nonce. `work` has the states after round 3 and the words 16 to 19.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1,avx")]
fn first_block(work: &mut Work, shared: &Shared, initial: &State) {
    #[expect(unsafe_code, reason = "a compiler would put parts of the states into memory")]
    // SAFETY: Of what is in memory the assembly reads three vectors of `rounds`, three of `sums`, two of
    // `initial` and those from the fifth to the sixteenth of the 64 words of `k`, and reads and writes
    // `work`: 10 vectors of states and 20 of schedules. What `vmovdqa` and the instructions for SHA-256 take
    // is in `work`, in `sums` or in `initial`, which are aligned as vectors are; the others ask for no
    // alignment. The borrows last until it ends. Every register that it changes is an output; it does not
    // use the stack, and the flags are not said to be preserved. SHA and AVX are there, as for all of this
    // function.
    unsafe {
        run!(
            concat!(
                each_stream!(load),
                shared_four!(0), shared_four!(1), shared_four!(2),
                each_stream!(known_four),
                each_stream!(partly_four, 5, whole 0, 0 => 1),
                each_stream!(partly_four, 6, 1, 0 1 => 2),
                each_stream!(partly_four, 7, 2, 1 2 => 3),
                each_stream!(whole_four, 8, 0 1 2 3),
                each_stream!(whole_four, 9, 1 2 3 0),
                each_stream!(whole_four, 10, 2 3 0 1),
                each_stream!(whole_four, 11, 3 0 1 2),
                each_stream!(whole_four, 12, 0 1 2 3),
                each_stream!(whole_four, 13, 1 2 3 0),
                each_stream!(whole_four, 14, 2 3 0 1),
                each_stream!(whole_four, 15, 3 0 1 2),
                each_stream!(add, "{initial}", 0),
            ),
            work = in(reg) work,
            rounds = in(reg) &shared.rounds,
            sums = in(reg) &shared.sums,
            k = in(reg) &K,
            initial = in(reg) initial,
        );
    }
}

/// Hashes one more block, whose schedule with the round constants is the same for all nonces.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1,avx")]
fn later_block(work: &mut Work, schedule: &[u32; 64]) {
    #[expect(unsafe_code, reason = "a compiler would put parts of the states into memory")]
    // SAFETY: Of what is in memory the assembly reads the 64 words of the schedule, in four turns of sixteen,
    // and reads and writes the 10 vectors of the states, which are aligned. The borrows last until it ends.
    // Every register that it changes is an output; it does not use the stack, and the flags are not said to
    // be preserved. SHA and AVX are there, as for all of this function.
    unsafe {
        run!(
            concat!(
                each_stream!(load),
                "2:\n",
                shared_four!(0), shared_four!(1), shared_four!(2), shared_four!(3),
                "add {rounds}, 16*4\n",
                "dec {turns:e}\n",
                "jnz 2b\n",
                each_stream!(add, "{work}", 32),
            ),
            work = in(reg) work,
            rounds = inout(reg) schedule => _,
            turns = inout(reg) 4_u32 => _,
        );
    }
}

#[inline]
#[target_feature(enable = "sha,sse2,ssse3,sse4.1,avx")]
pub(super) fn scan(task: &Task<'_>) -> Option<u64> {
    let shared = super::shared(task.batch);
    let initial = state_of(&INITIAL_STATE);
    let mut work =
        Work { states: [shared.state; STREAMS], schedules: [[shared.words_16; STREAMS]; 4] };
    for step in (0..task.count).step_by(STREAMS) {
        // What lies beyond the end of the low half is hashed, but not looked at.
        let first = task.first.wrapping_add(step as u32);
        for (stream, (state, words)) in
            (0..).zip(work.states.iter_mut().zip(&mut work.schedules[0]))
        {
            let terms = low_word_terms(first.wrapping_add(stream));
            *state = shared.state;
            state.abef = _mm_add_epi32(state.abef, terms.state);
            *words = _mm_add_epi32(shared.words_16, terms.words_16);
        }
        first_block(&mut work, &shared, &initial);
        for schedule in &task.plan.tails {
            later_block(&mut work, schedule);
        }
        for (at, state) in (step..).zip(&work.states) {
            let word = _mm_extract_epi32::<3>(state.abef).cast_unsigned();
            if word <= task.limit {
                return (at < task.count).then_some(at);
            }
        }
    }
    None
}
