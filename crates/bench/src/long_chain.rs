//! A long chain with proof of work, made once and kept as its nonces.
//!
//! Owns what stands in its blocks. Four bytes a block are all that has to be kept: everything else
//! follows from the height and the parent. So a chain of a million blocks is a file of 4 MB, and a
//! longer one goes on from a shorter one.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::mpsc;

use kusari_chain::params::GENESIS_TIMESTAMP;
use kusari_chain::{Block, CheckedBlock, Target};
use kusari_miner::{Miner, Tries};

/// Seconds between two blocks.
const SPACING: u64 = 60;
/// Blocks after which what was mined is written: a chain that is broken off goes on from there.
const SAVED_EACH: usize = 1_000;

/// The nonces of blocks 1, 2, … of the chain.
pub struct LongChain {
    nonces: Vec<u32>,
}

impl LongChain {
    /// The first `blocks` blocks; those that `file` does not hold yet are mined and added to it.
    /// `progress` is told how many there are.
    ///
    /// # Errors
    /// Where the file cannot be read or written.
    pub fn obtain(
        file: &Path,
        blocks: u32,
        threads: NonZeroUsize,
        progress: &mut dyn FnMut(u32),
    ) -> io::Result<Self> {
        let mut nonces = read_nonces(file)?;
        let wanted = blocks as usize;
        if nonces.len() < wanted {
            let (count, mut parent) = proven(&nonces);
            nonces.truncate(count);
            if let Some(directory) = file.parent() {
                fs::create_dir_all(directory)?;
            }
            let mut output =
                OpenOptions::new().create(true).write(true).truncate(false).open(file)?;
            output.set_len(4 * count as u64)?;
            io::Seek::seek(&mut output, io::SeekFrom::End(0))?;
            let mut output = BufWriter::new(output);
            let mining = MiningThreads::open(threads)?;
            while nonces.len() < wanted {
                let nonce = mining.mine(&mut parent)?;
                nonces.push(nonce);
                output.write_all(&nonce.to_le_bytes())?;
                if nonces.len().is_multiple_of(SAVED_EACH) {
                    output.flush()?;
                    progress(u32::try_from(nonces.len()).unwrap_or(u32::MAX));
                }
            }
            output.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        }
        nonces.truncate(wanted);
        Ok(Self { nonces })
    }

    /// Height of its last block.
    #[must_use]
    pub fn height(&self) -> u32 {
        u32::try_from(self.nonces.len()).unwrap_or(u32::MAX)
    }

    /// The blocks, lowest first. Ends early where the file holds what is no chain.
    pub fn blocks(&self) -> impl Iterator<Item = CheckedBlock> {
        let mut parent = Block::genesis();
        self.nonces.iter().map_while(move |&nonce| {
            parent = template(&parent).with_nonce(nonce.into());
            CheckedBlock::check(parent.clone()).ok()
        })
    }
}

/// The block after `parent`, without its nonce and hash. Its text takes 40 bytes, about what people
/// type.
fn template(parent: &Block) -> Block {
    let index = parent.index.saturating_add(1);
    let timestamp = GENESIS_TIMESTAMP + SPACING * u64::from(index);
    let data = format!("line {index:>8} of a log that people write");
    Block::template(index, timestamp, data, parent.hash)
}

fn read_nonces(file: &Path) -> io::Result<Vec<u32>> {
    let bytes = match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let (nonces, _) = bytes.as_chunks();
    Ok(nonces.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
}

/// How many of the nonces make a chain, and the last block of it.
fn proven(nonces: &[u32]) -> (usize, Block) {
    let chain = LongChain { nonces: nonces.to_vec() };
    let last = chain.blocks().enumerate().last();
    last.map_or_else(|| (0, Block::genesis()), |(at, block)| (at + 1, block.into_block()))
}

/// Threads that mine one block after another.
struct MiningThreads {
    miner: Miner,
    found: mpsc::Receiver<u64>,
}

impl MiningThreads {
    fn open(threads: NonZeroUsize) -> io::Result<Self> {
        let (sender, found) = mpsc::channel();
        let on_found = Box::new(move |_, nonce| {
            // The receiver is gone only when all of this is.
            let _ = sender.send(nonce);
        });
        let miner = Miner::start(threads, None, Tries::default(), on_found)?;
        Ok(Self { miner, found })
    }

    /// Mines the block after `parent`, which becomes the new parent.
    fn mine(&self, parent: &mut Block) -> io::Result<u32> {
        let block = template(parent);
        self.miner.mine(u64::from(block.index), &block, Target::CLASSIC);
        let nonce = self.found.recv().map_err(io::Error::other)?;
        *parent = block.with_nonce(nonce);
        // 2^32 tries without a hash that one in 65,536 is would be a broken miner.
        u32::try_from(nonce).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn obtain(file: &Path, blocks: u32) -> Vec<CheckedBlock> {
        let threads = NonZeroUsize::MIN;
        LongChain::obtain(file, blocks, threads, &mut |_| {}).unwrap().blocks().collect()
    }

    #[test]
    fn a_longer_chain_goes_on_from_a_shorter_one_and_from_a_damaged_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("new").join("nonces");
        let short = obtain(&file, 3);
        assert_eq!(short.len(), 3);
        assert_eq!(short[0].block().data.len(), 40);
        let long = obtain(&file, 5);
        assert_eq!(long[..3], short);
        assert_eq!(obtain(&file, 2), short[..2]);

        let mut bytes = fs::read(&file).unwrap();
        bytes[8] ^= 1;
        bytes.push(7);
        fs::write(&file, &bytes).unwrap();
        let mended = obtain(&file, 6);
        assert_eq!(mended.len(), 6);
        assert_eq!(mended[..2], short[..2]);
        assert_eq!(obtain(&file, 6), mended);
    }
}
