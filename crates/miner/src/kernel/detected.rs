//! The proof that a processor has what a kernel is compiled for.

/// Makes `Detected` of a module whose `scan` is compiled for these features.
macro_rules! detected {
    ($($feature:tt),+) => {
        /// Proof that this machine has what the kernel needs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) struct Detected(());

        impl Detected {
            pub(super) fn new() -> Option<Self> {
                ($(is_x86_feature_detected!($feature))&&+).then_some(Self(()))
            }

            pub(super) fn scan(self, task: &Task<'_>) -> Option<u64> {
                #[expect(unsafe_code, reason = "the compiler cannot know what was detected")]
                // SAFETY: `new` alone makes a `Detected`, and only where the processor and the system
                // have the features that `scan` is compiled for; SSE2 is a part of every x86-64
                // processor.
                unsafe {
                    scan(task)
                }
            }
        }
    };
}
