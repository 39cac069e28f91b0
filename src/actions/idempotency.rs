//! Requests that a program may send again without doing twice what they do: the first answer is kept for a day. What is
//! kept is derived from the program's token, which is not kept, so the database tells nothing of it.

use crate::app::App;
use crate::domain::environment::Suffix;
use crate::domain::id::TokenId;
use crate::store::api_requests as rows;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA512};
use time::OffsetDateTime;

/// A key of the cipher, and whatever else is derived.
type Derived = [u8; 32];

/// What is derived from a token.
#[derive(Clone, Copy)]
enum Purpose {
    Key = 1,
    Fingerprint,
    Answer,
    Suffix,
}

/// A request with a key.
pub struct Keyed {
    token_id: TokenId,
    token: hmac::Key,
    key: Derived,
    fingerprint: Derived,
}

/// Whether a request is to be carried out.
pub enum Begun {
    /// It is the first with its key; it began at this time.
    First(OffsetDateTime),
    /// It was carried out: this is its answer.
    Answered(Vec<u8>),
    /// The same one is under way.
    UnderWay,
    /// Another one had its key.
    Other,
}

impl Keyed {
    /// A request with this key, sent with this token, that says all this.
    pub fn new(token_id: TokenId, token: &str, key: &str, said: &[&[u8]]) -> Self {
        // A token is longer than a block of SHA-256: HMAC would replace it by its digest, and that is in the database.
        let token = hmac::Key::new(HMAC_SHA512, token.as_bytes());
        Self {
            token_id,
            key: derive(&token, Purpose::Key, &[key.as_bytes()]),
            fingerprint: derive(&token, Purpose::Fingerprint, said),
            token,
        }
    }

    /// The suffix of the environment that it creates, always the same: what is sent again after a crash finds it.
    pub fn suffix(&self) -> Suffix {
        let [a, b, c, d, ..] = derive(&self.token, Purpose::Suffix, &[&self.key]);
        Suffix::from_random([a, b, c, d])
    }

    fn row(&self) -> rows::Request<'_> {
        rows::Request {
            token: self.token_id,
            key: &self.key,
            fingerprint: &self.fingerprint,
        }
    }

    /// Encrypts an answer; nobody reads it without the token.
    fn seal(&self, answer: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let (mut sealed, mut rest) = (nonce.to_vec(), answer.to_vec());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let key = self.cipher()?;
        key.seal_in_place_append_tag(nonce, self.bound(), &mut rest)
            .ok()?;
        sealed.append(&mut rest);
        Some(sealed)
    }

    /// An answer that `seal` encrypted.
    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let opened = self.cipher()?.open_in_place(nonce, self.bound(), &mut rest);
        opened.ok().map(|answer| answer.to_vec())
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        let secret = derive(&self.token, Purpose::Answer, &[]);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &secret).ok()?;
        Some(LessSafeKey::new(key))
    }

    /// An answer belongs to one key.
    fn bound(&self) -> Aad<&[u8]> {
        Aad::from(&self.key[..])
    }
}

/// Each part with its length, so that no two lists of parts are alike.
fn derive(token: &hmac::Key, purpose: Purpose, parts: &[&[u8]]) -> Derived {
    let mut context = hmac::Context::with_key(token);
    context.update(&[purpose as u8]);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut derived = Derived::default();
    let length = derived.len();
    derived.copy_from_slice(&context.sign().as_ref()[..length]);
    derived
}

/// Begins a request, unless it is known.
pub async fn begin(app: &App, request: &Keyed) -> sqlx::Result<Begun> {
    let row = request.row();
    if let Some(began_at) = rows::begin(&app.pool, &row).await? {
        return Ok(Begun::First(began_at));
    }
    let Some(earlier) = rows::earlier(&app.pool, &row).await? else {
        return Ok(Begun::UnderWay);
    };
    let is_same = earlier.fingerprint == request.fingerprint;
    Ok(match earlier.answer {
        _ if !is_same => Begun::Other,
        None => Begun::UnderWay,
        Some(sealed) => request.open(&sealed).map_or(Begun::Other, Begun::Answered),
    })
}

/// Ends a request: keeps its answer, or forgets it if there is none to keep. An error is logged: the request itself was
/// carried out, and what repeats it half a minute later finds what it did.
pub async fn end(app: &App, request: &Keyed, began_at: OffsetDateTime, answer: Option<&[u8]>) {
    let row = request.row();
    let ended = match answer.and_then(|answer| request.seal(answer)) {
        Some(sealed) => keep(app, &row, began_at, &sealed).await,
        None => rows::forget(&app.pool, &row, began_at).await,
    };
    if let Err(error) = ended {
        tracing::warn!(%error, "the answer to a request with an idempotency key was not kept");
    }
}

async fn keep(
    app: &App,
    row: &rows::Request<'_>,
    began_at: OffsetDateTime,
    sealed: &[u8],
) -> sqlx::Result<()> {
    rows::finish(&app.pool, row, began_at, sealed).await?;
    rows::delete_many(&app.pool, row.token).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(token: &str, key: &str, said: &[&[u8]]) -> Keyed {
        Keyed::new(TokenId::new(), token, key, said)
    }

    #[test]
    fn an_answer_is_opened_with_the_same_token_and_key_alone() {
        let one = request("a token", "a key", &[]);
        let sealed = one.seal(b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(sealed, one.seal(b"secret").unwrap());
        assert_eq!(one.open(&sealed).unwrap(), b"secret");
        for other in [
            request("another", "a key", &[]),
            request("a token", "b", &[]),
        ] {
            assert_eq!(other.open(&sealed), None);
        }
        for broken in [&sealed[1..], &sealed[..8], b""] {
            assert_eq!(one.open(broken), None);
        }
    }

    #[test]
    fn the_hash_in_the_database_tells_nothing() {
        let token = format!("vpsc_{}", "0a".repeat(32));
        let one = Keyed::new(TokenId::new(), &token, "a key", &[b"said"]);
        let hash = crate::actions::token::hash(&token);
        let mut padded = Keyed::new(TokenId::new(), "", "a key", &[b"said"]);
        for algorithm in [hmac::HMAC_SHA256, hmac::HMAC_SHA384, HMAC_SHA512] {
            padded.token = hmac::Key::new(algorithm, &hash);
            padded.fingerprint = derive(&padded.token, Purpose::Fingerprint, &[b"said"]);
            padded.key = one.key;
            assert_ne!(padded.fingerprint, one.fingerprint);
            assert_eq!(padded.open(&one.seal(b"secret").unwrap()), None);
        }
    }

    #[test]
    fn no_two_requests_have_one_fingerprint() {
        let print = |token: &str, said: &[&[u8]]| {
            let request = request(token, "a key", said);
            request.fingerprint
        };
        let prints = [
            print("t", &[b"POST", b"/a"]),
            print("t", &[b"POST/", b"a"]),
            print("t", &[b"POST", b"/a", b""]),
            print("u", &[b"POST", b"/a"]),
        ];
        for (at, one) in prints.iter().enumerate() {
            assert!(!prints[at + 1..].contains(one), "{at}");
        }
        assert_eq!(print("t", &[b"POST", b"/a"]), prints[0]);
    }

    #[test]
    fn a_suffix_belongs_to_a_key() {
        let suffix = |key: &str| request("t", key, &[]).suffix();
        assert_eq!(suffix("a"), suffix("a"));
        assert_ne!(suffix("a"), suffix("b"));
    }
}
