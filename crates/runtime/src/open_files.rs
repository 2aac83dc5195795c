//! How many files the operating system lets this process have open; connections are files too.
//!
//! Owns nothing but the wish for more: most systems begin with a low limit that a process may raise by
//! itself, up to one that it may not.

/// Files that are always taken to be allowed, where the system says nothing.
const USUAL: usize = 1_024;
/// More than a node ever needs.
const ENOUGH: u64 = 65_536;

/// Raises the limit as far as it goes, and tells what it is.
#[cfg(unix)]
pub fn raised() -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return USUAL };
    let wanted = hard.min(ENOUGH);
    let raised = wanted > soft && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok();
    usize::try_from(if raised { wanted } else { soft }).unwrap_or(usize::MAX)
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub fn raised() -> usize {
    USUAL.max(ENOUGH as usize)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_limit_that_was_raised_stays_so() {
        let limit = super::raised();
        assert!(limit >= 64);
        assert_eq!(super::raised(), limit);
    }
}
