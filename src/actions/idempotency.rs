//! Requests that a program may send again without doing twice what they do: the first answer is kept for a day. What is
//! kept is derived from the program's token, which is not kept, so the database tells nothing of it.

use crate::app::App;
use crate::domain::environment::Suffix;
use crate::domain::id::TokenId;
use crate::store::api_requests as rows;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA256};
use time::OffsetDateTime;

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
    key: hmac::Tag,
    fingerprint: hmac::Tag,
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
        let token = hmac::Key::new(HMAC_SHA256, token.as_bytes());
        Self {
            token_id,
            key: derive(&token, Purpose::Key, &[key.as_bytes()]),
            fingerprint: derive(&token, Purpose::Fingerprint, said),
            token,
        }
    }

    /// The suffix of the environment that it creates, always the same: what is sent again after a crash finds it.
    pub fn suffix(&self) -> Suffix {
        let derived = derive(&self.token, Purpose::Suffix, &[self.key.as_ref()]);
        let bytes = derived.as_ref();
        Suffix::from_random([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    fn row(&self) -> rows::Request<'_> {
        rows::Request {
            token: self.token_id,
            key: self.key.as_ref(),
            fingerprint: self.fingerprint.as_ref(),
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
        let key = UnboundKey::new(&CHACHA20_POLY1305, secret.as_ref()).ok()?;
        Some(LessSafeKey::new(key))
    }

    /// An answer belongs to one key.
    fn bound(&self) -> Aad<&[u8]> {
        Aad::from(self.key.as_ref())
    }
}

/// Each part with its length, so that no two lists of parts are alike.
fn derive(token: &hmac::Key, purpose: Purpose, parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(token);
    context.update(&[purpose as u8]);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    context.sign()
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
    let is_same = earlier.fingerprint == request.fingerprint.as_ref();
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
        Some(sealed) => rows::finish(&app.pool, &row, began_at, &sealed).await,
        None => rows::forget(&app.pool, &row, began_at).await,
    };
    if let Err(error) = ended {
        tracing::warn!(%error, "the answer to a request with an idempotency key was not kept");
    }
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
    fn no_two_requests_have_one_fingerprint() {
        let print = |token: &str, said: &[&[u8]]| {
            let request = request(token, "a key", said);
            request.fingerprint.as_ref().to_vec()
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
