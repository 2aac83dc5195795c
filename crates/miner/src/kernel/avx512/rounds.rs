//! The rounds in assembly, as text.
//!
//! Owns which register and which place in memory holds what. The operands have names: `work` is the
//! address of a [`Work`](super::Work), `rounds`, `schedule`, `state`, `initial` and `k` are those of
//! arrays of words.

/// One round, where `h` has its constant and its word already. `$v` is the first digit of the
/// vector's registers.
macro_rules! round {
    ($v:literal, $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        concat!(
            "vmovdqa64 zmm8, zmm",
            $v,
            $e,
            "\n",
            "vpternlogd zmm8, zmm",
            $v,
            $f,
            ", zmm",
            $v,
            $g,
            ", 0xca\n",
            "vprord zmm9, zmm",
            $v,
            $e,
            ", 6\n",
            "vprord zmm18, zmm",
            $v,
            $e,
            ", 11\n",
            "vpaddd zmm",
            $v,
            $h,
            ", zmm",
            $v,
            $h,
            ", zmm8\n",
            "vprord zmm19, zmm",
            $v,
            $e,
            ", 25\n",
            "vpternlogd zmm9, zmm18, zmm19, 0x96\n",
            "vpaddd zmm",
            $v,
            $h,
            ", zmm",
            $v,
            $h,
            ", zmm9\n",
            "vmovdqa64 zmm28, zmm",
            $v,
            $a,
            "\n",
            "vpternlogd zmm28, zmm",
            $v,
            $b,
            ", zmm",
            $v,
            $c,
            ", 0xe8\n",
            "vpaddd zmm",
            $v,
            $d,
            ", zmm",
            $v,
            $d,
            ", zmm",
            $v,
            $h,
            "\n",
            "vprord zmm29, zmm",
            $v,
            $a,
            ", 2\n",
            "vprord zmm30, zmm",
            $v,
            $a,
            ", 13\n",
            "vpaddd zmm",
            $v,
            $h,
            ", zmm",
            $v,
            $h,
            ", zmm28\n",
            "vprord zmm31, zmm",
            $v,
            $a,
            ", 22\n",
            "vpternlogd zmm29, zmm30, zmm31, 0x96\n",
            "vpaddd zmm",
            $v,
            $h,
            ", zmm",
            $v,
            $h,
            ", zmm29\n",
        )
    };
}

/// Puts the sum of a word of the schedule, its round constant and `h` into `h`.
macro_rules! prepare {
    // The sum is a constant.
    ([whole $at:literal], $v:literal, $s:literal, $h:literal) => {
        concat!("vpbroadcastd zmm", $v, $h, ", dword ptr [{rounds} + 4*", $at, "]\n")
    };
    // The word and the round constant are one.
    ([constant $at:literal], $v:literal, $s:literal, $h:literal) => {
        concat!(
            "vpaddd zmm", $v, $h, ", zmm", $v, $h, ", dword ptr [{rounds} + 4*", $at, "]{{1to16}}\n",
        )
    };
    // The word is a sum of constants and what `$terms` leaves in zmm8.
    ([partly $at:literal $slot:literal $($terms:tt)*], $v:literal, $s:literal, $h:literal) => {
        concat!(
            terms!($s, $($terms)*),
            "vpaddd zmm8, zmm8, dword ptr [{schedule} + 4*", $at, "]{{1to16}}\n",
            "vmovdqa64 [{work} + 64*(24 + 3*", $slot, " + ", $s, ")], zmm8\n",
            "vpaddd zmm", $v, $h, ", zmm", $v, $h, ", dword ptr [{k} + 4*", $at, "]{{1to16}}\n",
            "vpaddd zmm", $v, $h, ", zmm", $v, $h, ", zmm8\n",
        )
    };
    // The word is made of the words 2, 7, 15 and 16 before it.
    ([word $slot:literal $two:literal $seven:literal $fifteen:literal], $v:literal, $s:literal, $h:literal) => {
        concat!(
            terms!($s, sigma_1 $two, add $seven, sigma_0 $fifteen),
            "vpaddd zmm8, zmm8, [{work} + 64*(24 + 3*", $slot, " + ", $s, ")]\n",
            "vmovdqa64 [{work} + 64*(24 + 3*", $slot, " + ", $s, ")], zmm8\n",
            "vpaddd zmm", $v, $h, ", zmm", $v, $h, ", dword ptr [{k} + 4*", $slot, "]{{1to16}}\n",
            "vpaddd zmm", $v, $h, ", zmm", $v, $h, ", zmm8\n",
        )
    };
}

/// The sum of words of the schedule in zmm8.
macro_rules! terms {
    ($s:literal, low) => {
        concat!("vmovdqa64 zmm8, [{work} + 64*(72 + ", $s, ")]\n")
    };
    ($s:literal, sigma_0 low) => {
        concat!(
            "vmovdqa64 zmm8, [{work} + 64*(72 + ", $s, ")]\n",
            "vprord zmm9, zmm8, 7\n",
            "vprord zmm18, zmm8, 18\n",
            "vpsrld zmm8, zmm8, 3\n",
            "vpternlogd zmm8, zmm9, zmm18, 0x96\n",
        )
    };
    ($s:literal, sigma_1 $slot:literal $(, $($more:tt)*)?) => {
        concat!(
            "vmovdqa64 zmm8, [{work} + 64*(24 + 3*", $slot, " + ", $s, ")]\n",
            "vprord zmm9, zmm8, 17\n",
            "vprord zmm18, zmm8, 19\n",
            "vpsrld zmm8, zmm8, 10\n",
            "vpternlogd zmm8, zmm9, zmm18, 0x96\n",
            $(terms!($s, $($more)*))?
        )
    };
    ($s:literal, add $slot:literal $(, $($more:tt)*)?) => {
        concat!(
            "vpaddd zmm8, zmm8, [{work} + 64*(24 + 3*", $slot, " + ", $s, ")]\n",
            $(terms!($s, $($more)*))?
        )
    };
    ($s:literal, sigma_0 $slot:literal) => {
        concat!(
            "vmovdqa64 zmm19, [{work} + 64*(24 + 3*", $slot, " + ", $s, ")]\n",
            "vprord zmm9, zmm19, 7\n",
            "vprord zmm18, zmm19, 18\n",
            "vpsrld zmm19, zmm19, 3\n",
            "vpternlogd zmm19, zmm9, zmm18, 0x96\n",
            "vpaddd zmm8, zmm8, zmm19\n",
        )
    };
}

/// A round of each vector. What the sums `h` are made of is mostly known before the round, so it comes
/// first.
macro_rules! three {
    ($word:tt, $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        concat!(
            prepare!($word, "", 0, $h),
            prepare!($word, 1, 1, $h),
            prepare!($word, 2, 2, $h),
            round!("", $a $b $c $d $e $f $g $h),
            round!(1, $a $b $c $d $e $f $g $h),
            round!(2, $a $b $c $d $e $f $g $h),
        )
    };
}

/// Eight rounds, after which every register has its role again.
macro_rules! eight {
    ($w0:tt $w1:tt $w2:tt $w3:tt $w4:tt $w5:tt $w6:tt $w7:tt) => {
        concat!(
            three!($w0, 0 1 2 3 4 5 6 7),
            three!($w1, 7 0 1 2 3 4 5 6),
            three!($w2, 6 7 0 1 2 3 4 5),
            three!($w3, 5 6 7 0 1 2 3 4),
            three!($w4, 4 5 6 7 0 1 2 3),
            three!($w5, 3 4 5 6 7 0 1 2),
            three!($w6, 2 3 4 5 6 7 0 1),
            three!($w7, 1 2 3 4 5 6 7 0),
        )
    };
}

/// Something for each word of each vector's state.
macro_rules! each_word {
    ($step:ident) => {
        concat!(each_word!($step, "", 0), each_word!($step, 1, 1), each_word!($step, 2, 2),)
    };
    ($step:ident, $v:literal, $s:literal) => {
        concat!(
            $step!($v, $s, 0),
            $step!($v, $s, 1),
            $step!($v, $s, 2),
            $step!($v, $s, 3),
            $step!($v, $s, 4),
            $step!($v, $s, 5),
            $step!($v, $s, 6),
            $step!($v, $s, 7),
        )
    };
}

macro_rules! load {
    ($v:literal, $s:literal, $word:literal) => {
        concat!("vmovdqa64 zmm", $v, $word, ", [{work} + 64*(3*", $word, " + ", $s, ")]\n")
    };
}

macro_rules! store {
    ($v:literal, $s:literal, $word:literal) => {
        concat!("vmovdqa64 [{work} + 64*(3*", $word, " + ", $s, ")], zmm", $v, $word, "\n")
    };
}

macro_rules! add_initial {
    ($v:literal, $s:literal, $word:literal) => {
        concat!(
            "vpaddd zmm",
            $v,
            $word,
            ", zmm",
            $v,
            $word,
            ", dword ptr [{initial} + 4*",
            $word,
            "]{{1to16}}\n",
        )
    };
}

macro_rules! add_before {
    ($v:literal, $s:literal, $word:literal) => {
        concat!(
            "vpaddd zmm",
            $v,
            $word,
            ", zmm",
            $v,
            $word,
            ", [{work} + 64*(3*",
            $word,
            " + ",
            $s,
            ")]\n",
        )
    };
}

/// Puts the state after round 3, but for what depends on the nonce, into the registers of those
/// roles in round 4.
macro_rules! begin {
    ($v:literal, $s:literal) => {
        concat!(
            begin!($v, 4, 0),
            begin!($v, 5, 1),
            begin!($v, 6, 2),
            begin!($v, 7, 3),
            begin!($v, 0, 4),
            begin!($v, 1, 5),
            begin!($v, 2, 6),
            "vmovdqa64 zmm8, [{work} + 64*(72 + ",
            $s,
            ")]\n",
            "vpaddd zmm",
            $v,
            "4, zmm",
            $v,
            "4, zmm8\n",
            "vpaddd zmm",
            $v,
            "0, zmm",
            $v,
            "0, zmm8\n",
            "vpbroadcastd zmm8, dword ptr [{schedule} + 4*16]\n",
            "vmovdqa64 [{work} + 64*(24 + ",
            $s,
            ")], zmm8\n",
            "vpbroadcastd zmm8, dword ptr [{schedule} + 4*17]\n",
            "vmovdqa64 [{work} + 64*(27 + ",
            $s,
            ")], zmm8\n",
        )
    };
    ($v:literal, $register:literal, $role:literal) => {
        concat!("vpbroadcastd zmm", $v, $register, ", dword ptr [{state} + 4*", $role, "]\n")
    };
}

pub(super) use {
    add_before, add_initial, begin, each_word, eight, load, prepare, round, store, terms, three,
};
