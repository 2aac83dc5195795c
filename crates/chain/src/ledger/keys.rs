//! Public keys and signatures: Ed25519 by the rules of ZIP-215, without keys of small order.
//!
//! Owns how a signature is checked, by itself and many at once. Holds no secrets. ZIP-215 is what
//! makes both ways agree on every signature, however it was made; nodes that disagreed would part.

use core::convert::Infallible;

use ed25519_zebra::{VerificationKey, VerificationKeyBytes, batch};
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};

use crate::bytes::fixed_bytes;

fixed_bytes!(
    /// A public key for Ed25519 as it is encoded, which names an account. Two encodings of one point are
    /// two accounts.
    PublicKey,
    32,
    "a public key",
    "947a2b9947a2b9947a2b9947a2b9947a2b9947a2b9947a2b9947a2b9947a2b99"
);

fixed_bytes!(
    /// A signature by Ed25519.
    Signature,
    64,
    "a signature",
    "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
);

/// The y-coordinates of the points of small order, in every encoding that decodes to one, without
/// the bit of the sign. Source: the torsion subgroup of edwards25519, and p and p + 1, which are 0
/// and 1 again; the tests compare with the curve's own arithmetic.
const SMALL_ORDER: [[u8; 32]; 7] = {
    let mut table = [[0; 32]; 7];
    // 0, 1
    table[1][0] = 1;
    // The two of order eight.
    table[2] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ];
    table[3] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ];
    // p - 1, p and p + 1, where p = 2^255 - 19.
    let mut place = 0;
    while place < 3 {
        table[4 + place] = [0xff; 32];
        table[4 + place][0] = 0xec + place as u8;
        table[4 + place][31] = 0x7f;
        place += 1;
    }
    table
};

impl PublicKey {
    /// Whether the point is of small order: under such a key a signature says nothing.
    #[must_use]
    pub fn is_small_order(&self) -> bool {
        let mut y = self.0;
        y[31] &= 0x7f;
        SMALL_ORDER.contains(&y)
    }

    /// Whether the bytes are a point of the curve that is not of small order. Takes a few
    /// microseconds.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !self.is_small_order() && VerificationKey::try_from(self.0).is_ok()
    }

    /// Whether `signature` is this key's over `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_zebra::Signature::from_bytes(&signature.0);
        !self.is_small_order()
            && VerificationKey::try_from(self.0)
                .is_ok_and(|key| key.verify(&signature, message).is_ok())
    }
}

/// Signatures that are checked together, which takes about half the time.
pub(crate) struct SignatureBatch {
    verifier: batch::Verifier,
    /// Over everything that was added: where the coefficients of the check come from.
    transcript: Sha256,
}

impl SignatureBatch {
    pub(crate) fn new() -> Self {
        Self { verifier: batch::Verifier::new(), transcript: Sha256::new() }
    }

    /// Adds one. A key of small order is not noticed here.
    pub(crate) fn add(&mut self, key: &PublicKey, message: &[u8], signature: &Signature) {
        self.transcript.update(key.0);
        self.transcript.update(signature.0);
        self.transcript.update(Sha256::digest(message));
        let bytes = VerificationKeyBytes::from(key.0);
        let signature = ed25519_zebra::Signature::from_bytes(&signature.0);
        self.verifier.queue(batch::Item::from((bytes, signature, message)));
    }

    /// Whether all signatures are right. Which one is not, a check one by one tells.
    pub(crate) fn verify(self) -> bool {
        let seed = self.transcript.finalize().into();
        self.verifier.verify(Coefficients { seed, drawn: 0 }).is_ok()
    }
}

/// Numbers that no sender can choose: SHA-256 over all that is checked and a counter. A sender who
/// wants wrong signatures to cancel out would have to hit 128 bits by trying, since any change of
/// them changes every number; so no other source of chance is needed, and a check can be replayed.
struct Coefficients {
    seed: [u8; 32],
    drawn: u64,
}

impl TryRng for Coefficients {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(32) {
            let block = Sha256::new()
                .chain_update(self.seed)
                .chain_update(self.drawn.to_le_bytes())
                .finalize();
            self.drawn += 1;
            part.copy_from_slice(&block[..part.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Coefficients {}
