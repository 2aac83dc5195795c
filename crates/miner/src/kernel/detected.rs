//! The proof that a processor has what a kernel is compiled for.

/// Makes `Detected` of a module, with those functions of it that are compiled for these features.
macro_rules! detected {
    ($($feature:tt),+ => $(fn $name:ident($($argument:ident: $kind:ty),*) $(-> $result:ty)?;)+) => {
        /// Proof that this machine has what the kernel needs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) struct Detected(());

        impl Detected {
            pub(super) fn new() -> Option<Self> {
                ($(is_x86_feature_detected!($feature))&&+).then_some(Self(()))
            }

            $(
                pub(super) fn $name(self, $($argument: $kind),*) $(-> $result)? {
                    #[expect(unsafe_code, reason = "the compiler cannot know what was detected")]
                    // SAFETY: `new` alone makes a `Detected`, and only where the processor and the system
                    // have the features that the function is compiled for; SSE2 is a part of every x86-64
                    // processor.
                    unsafe {
                        $name($($argument),*)
                    }
                }
            )+
        }
    };
}
