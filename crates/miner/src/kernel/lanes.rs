//! The search on many nonces side by side, written once for every kind of vector.
//!
//! Owns the order of operations. What a vector is, and how it adds and rotates, is up to the module
//! that uses `lanes!`: it has the type `Vector` of [`u32`]s, the constants `LANES` (numbers in a
//! vector) and `STREAMS` (vectors at once), and the functions `splat`, `low_words`, `add`, `rotate`,
//! `shift`, `xor`, `and` and `at_most`.
//!
//! A round waits for the one before it, so several vectors go through the rounds together. Together
//! they have more words of the message schedule than there are registers; those stand in memory,
//! from where an addition takes them as readily.

/// Takes a step for each number in a list.
macro_rules! each {
    ($step:ident: $($at:literal)*) => { $($step!($at);)* };
}
pub(super) use each;

/// Defines `scan`. The attributes, such as those that enable a feature of the processor, stand
/// before every function.
macro_rules! lanes {
    ($(#[$attribute:meta])*) => {
        /// The eight words of the state, for each stream.
        type State = [[Vector; STREAMS]; 8];

        $(#[$attribute])*
        #[inline]
        fn sum(left: [Vector; STREAMS], right: [Vector; STREAMS]) -> [Vector; STREAMS] {
            let mut sum = left;
            for (left, right) in sum.iter_mut().zip(right) {
                *left = add(*left, right);
            }
            sum
        }

        $(#[$attribute])*
        #[inline]
        fn xor3(a: Vector, b: Vector, c: Vector) -> Vector {
            xor(xor(a, b), c)
        }

        $(#[$attribute])*
        #[inline]
        fn choice(e: Vector, f: Vector, g: Vector) -> Vector {
            xor(and(xor(f, g), e), g)
        }

        $(#[$attribute])*
        #[inline]
        fn majority(a: Vector, b: Vector, c: Vector) -> Vector {
            xor(and(xor(a, b), xor(b, c)), b)
        }

        $(#[$attribute])*
        #[inline]
        fn sum_0(word: Vector) -> Vector {
            xor3(rotate::<2, 30>(word), rotate::<13, 19>(word), rotate::<22, 10>(word))
        }

        $(#[$attribute])*
        #[inline]
        fn sum_1(word: Vector) -> Vector {
            xor3(rotate::<6, 26>(word), rotate::<11, 21>(word), rotate::<25, 7>(word))
        }

        $(#[$attribute])*
        #[inline]
        fn sigma_0(words: [Vector; STREAMS]) -> [Vector; STREAMS] {
            let mut sigma = words;
            for word in &mut sigma {
                *word = xor3(rotate::<7, 25>(*word), rotate::<18, 14>(*word), shift::<3>(*word));
            }
            sigma
        }

        $(#[$attribute])*
        #[inline]
        fn sigma_1(words: [Vector; STREAMS]) -> [Vector; STREAMS] {
            let mut sigma = words;
            for word in &mut sigma {
                *word = xor3(rotate::<17, 15>(*word), rotate::<19, 13>(*word), shift::<10>(*word));
            }
            sigma
        }

        /// Round `at`, where the roles of the eight words have moved by as many places. `sums` is
        /// the word of the schedule, the round constant and `h`.
        $(#[$attribute])*
        #[inline]
        fn round(state: &mut State, at: usize, sums: [Vector; STREAMS]) {
            let place = |role: usize| (role + 64 - at) % 8;
            let [a, b, c, d] = [place(0), place(1), place(2), place(3)];
            let [e, f, g, h] = [place(4), place(5), place(6), place(7)];
            for (stream, sum) in sums.into_iter().enumerate() {
                let of = |place: usize| state[place][stream];
                let first = add(add(sum, choice(of(e), of(f), of(g))), sum_1(of(e)));
                let second = add(majority(of(a), of(b), of(c)), sum_0(of(a)));
                state[d][stream] = add(of(d), first);
                state[h][stream] = add(first, second);
            }
        }

        /// The state after the first block, for these low words.
        $(#[$attribute])*
        #[inline(never)]
        fn first_block(batch: &Batch, low: [Vector; STREAMS]) -> State {
            let all = |word: u32| [splat(word); STREAMS];
            let w = &mut [all(0); 16];
            // The roles of the words move on by as many places as there were rounds.
            let mut state = [all(0); 8];
            for (role, word) in batch.state.into_iter().enumerate() {
                state[(role + 64 - 4) % 8] = all(word);
            }
            for role in [0, 4] {
                let place = (role + 64 - 4) % 8;
                state[place] = sum(state[place], low);
            }
            macro_rules! constant_all {
                ($at:literal) => { round(&mut state, $at, all(batch.rounds[$at])) };
            }
            each!(constant_all: 4 5 6);
            macro_rules! constant_but_h {
                ($at:literal) => {{
                    let sums = sum(state[(7 + 64 - $at) % 8], all(batch.rounds[$at]));
                    round(&mut state, $at, sums);
                }};
            }
            each!(constant_but_h: 7 8 9 10 11 12 13 14 15 16 17);

            macro_rules! scheduled {
                ($at:literal) => {{
                    let mut word = match $at {
                        18 => sigma_0(low),
                        19 => low,
                        _ => sigma_1(w[($at - 2) % 16]),
                    };
                    if $at >= 25 {
                        word = sum(word, w[($at - 7) % 16]);
                    }
                    if $at >= 33 {
                        word = sum(word, sigma_0(w[($at - 15) % 16]));
                    }
                    let rest = match batch.schedule.get($at) {
                        Some(&constant) => all(constant),
                        None => w[$at % 16],
                    };
                    word = sum(word, rest);
                    w[$at % 16] = word;
                    let sums = sum(state[(7 + 64 - $at) % 8], all(K[$at]));
                    round(&mut state, $at, sum(sums, word));
                }};
            }
            each!(scheduled: 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
                41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
            for (words, initial) in state.iter_mut().zip(INITIAL_STATE) {
                *words = sum(*words, all(initial));
            }
            state
        }

        /// What the rounds make of a state, for a block whose schedule is the same for all nonces.
        $(#[$attribute])*
        #[inline]
        fn rounds(mut state: State, schedule: &[u32; 64]) -> State {
            let (eights, _) = schedule.as_chunks::<8>();
            for constants in eights {
                macro_rules! constant_but_h {
                    ($at:literal) => {{
                        let sums = sum(state[7 - $at], [splat(constants[$at]); STREAMS]);
                        round(&mut state, $at, sums);
                    }};
                }
                each!(constant_but_h: 0 1 2 3 4 5 6 7);
            }
            state
        }

        $(#[$attribute])*
        #[inline(never)]
        fn middle_block(state: &mut State, schedule: &[u32; 64]) {
            let after = rounds(*state, schedule);
            for (words, after) in state.iter_mut().zip(after) {
                *words = sum(*words, after);
            }
        }

        /// The first word of the hash.
        $(#[$attribute])*
        #[inline(never)]
        fn last_block(state: &State, schedule: &[u32; 64]) -> [Vector; STREAMS] {
            sum(rounds(*state, schedule)[0], state[0])
        }

        $(#[$attribute])*
        pub(super) fn scan(task: &Task<'_>) -> Option<u64> {
            let Task { plan, batch, limit, first, count } = *task;
            let step = LANES * STREAMS;
            let mut done = 0;
            while done < count {
                let mut low = [splat(0); STREAMS];
                for (stream, low) in low.iter_mut().enumerate() {
                    // A batch ends where the low half does; what lies beyond is not looked at.
                    *low = low_words(first.wrapping_add(done as u32).wrapping_add((stream * LANES) as u32));
                }
                let mut state = first_block(batch, low);
                let words = match plan.tails.split_last() {
                    Some((last, middle)) => {
                        for schedule in middle {
                            middle_block(&mut state, schedule);
                        }
                        last_block(&state, last)
                    }
                    None => state[0],
                };
                for (stream, word) in words.into_iter().enumerate() {
                    let met = at_most(word, limit);
                    if met != 0 {
                        let at = done + (stream * LANES) as u64 + u64::from(met.trailing_zeros());
                        return (at < count).then_some(at);
                    }
                }
                done += step as u64;
            }
            None
        }
    };
}
pub(super) use lanes;
