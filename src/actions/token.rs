//! The secret of a link: 128 random bits, of which the database has only the hash.

use ring::digest::{SHA256, digest};

/// A new token, as it is part of a link.
pub fn new() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

/// The hash that is stored and looked for. The token is random, so it needs neither salt nor many rounds.
pub fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}
