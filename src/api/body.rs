//! The JSON that a request brings. What is wrong is told by its field and never repeated: it may be a secret.

use super::problem::{FieldError, Problem};
use super::state::Api;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The object that a request brings. A field that is missing is empty, and no body is an empty object.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Api> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Self::Rejection> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, api).await;
        let bytes = bytes.map_err(|_| unreadable("This request could not be read."))?;
        if bytes.is_empty() {
            return parse(Map::new()).map(Self);
        }
        if !is_json {
            let detail = "The API takes JSON: send it with “Content-Type: application/json”.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        parse(object(&bytes)?).map(Self)
    }
}

/// A field that was sent: `null` is as if nothing had been typed, and one that was not sent is none.
pub fn given<'de, D: Deserializer<'de>>(sent: D) -> Result<Option<String>, D::Error> {
    let sent: Option<String> = Option::deserialize(sent)?;
    Ok(Some(sent.unwrap_or_default()))
}

/// An object within the object; serde would read a list as its fields in their order.
pub fn nested<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    sent: D,
) -> Result<Option<T>, D::Error> {
    let sent: Option<Map<String, Value>> = Option::deserialize(sent)?;
    let sent = sent.map(|object| T::deserialize(Value::Object(object)));
    sent.transpose().map_err(serde::de::Error::custom)
}

fn is_json(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE);
    let sent = sent.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = sent.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

fn unreadable(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(unreadable("Send a JSON object: one in braces.")),
        Err(error) => Err(unreadable(format!(
            "This is not JSON: look at line {}, column {}.",
            error.line(),
            error.column()
        ))),
    }
}

/// Every field of `T` must be an `Option`: each is also parsed by itself, to tell which one is wrong.
fn parse<T: DeserializeOwned>(object: Map<String, Value>) -> Result<T, Problem> {
    let sent = Value::Object(object);
    T::deserialize(&sent).map_err(|_| {
        let fields = sent.as_object().into_iter().flatten();
        Problem::wrong(fields.filter_map(wrong::<T>).collect())
    })
}

/// What is wrong with a field, by itself.
fn wrong<T: DeserializeOwned>((field, value): (&String, &Value)) -> Option<FieldError> {
    let alone = Map::from_iter([(field.clone(), value.clone())]);
    let error = serde_json::from_value::<T>(Value::Object(alone)).err()?;
    let detail = if error.to_string().starts_with("unknown field") {
        "There is no such field."
    } else {
        "This value has the wrong type, or is none of the allowed ones."
    };
    let (field, detail) = (field.clone(), detail.to_owned());
    Some(FieldError { field, detail })
}
