//! Chromium through its driver. It must not know what is looked at.

use crate::support::process::Process;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::Command;
use url::{ParseError, Url};

/// How a person looks at the pages.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub width: u32,
    pub dark: bool,
    /// Whether the system gives the colours, as for people who need few and strong ones.
    pub forced: bool,
    /// The size of text in per cent of the usual, as set in the browser.
    pub text: u32,
    pub script: bool,
}

impl Look {
    pub const DESKTOP: Self = Self {
        width: 1280,
        dark: false,
        forced: false,
        text: 100,
        script: true,
    };
    pub const PHONE: Self = Self {
        width: 390,
        ..Self::DESKTOP
    };
    /// The narrowest screen: 1280 pixels at 400 %.
    pub const NARROWEST: Self = Self {
        width: 320,
        ..Self::DESKTOP
    };
    pub const WITHOUT_SCRIPT: Self = Self {
        script: false,
        ..Self::DESKTOP
    };

    fn is_phone(self) -> bool {
        self.width < 500
    }

    /// How high the window usually is.
    pub fn height(self) -> u32 {
        if self.is_phone() { 844 } else { 900 }
    }
}

/// A browser with an empty profile, and the driver it hangs on.
pub struct Browser {
    pub client: Client,
    driver: Process,
    profile: std::path::PathBuf,
}

impl Browser {
    /// Opens a browser.
    pub async fn open(script: bool) -> Self {
        let program = std::env::var("CHROMEDRIVER").expect("CHROMEDRIVER is set by scripts/test");
        let mut command = Command::new(program);
        let port = format!("--port={}", free_port());
        let (driver, port) = Process::start(command.arg(port), "successfully on port ");
        let profile = std::env::temp_dir().join(format!("browser-{}", uuid::Uuid::now_v7()));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(script, &profile))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("{error}\n{}", driver.lines().join("\n")));
        Self {
            client,
            driver,
            profile,
        }
    }

    /// Closes it and leaves nothing behind.
    pub async fn close(self) {
        self.client.close().await.ok();
        drop(self.driver);
        std::fs::remove_dir_all(self.profile).ok();
    }
}

/// The driver may not choose its port itself: it would take one that is free for IPv6 and end when it is not for IPv4.
pub fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

fn capabilities(script: bool, profile: &std::path::Path) -> Capabilities {
    let binary = std::env::var("CHROMIUM").expect("CHROMIUM is set by scripts/test");
    let javascript = if script { 1 } else { 2 };
    let capabilities = json!({
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "goog:chromeOptions": {
            "binary": binary,
            "perfLoggingPrefs": { "enableNetwork": true, "enablePage": false },
            "prefs": { "profile.managed_default_content_settings.javascript": javascript },
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en",
                "--host-resolver-rules=MAP *.localhost 127.0.0.1",
                format!("--user-data-dir={}", profile.display()),
            ],
        },
    });
    let Value::Object(capabilities) = capabilities else {
        unreachable!("an object is written above");
    };
    capabilities
}

/// Sets the size of the window and of text, and the colours a person prefers.
pub async fn look(client: &Client, look: Look) {
    let colours = if look.dark { "dark" } else { "light" };
    let forced = if look.forced { "active" } else { "none" };
    let media = json!({ "features": [
        { "name": "prefers-color-scheme", "value": colours },
        { "name": "forced-colors", "value": forced },
    ] });
    let touch = json!({ "enabled": look.is_phone() });
    let text =
        json!({ "fontSizes": { "standard": 16 * look.text / 100, "fixed": 13 * look.text / 100 } });
    devtools(client, "Emulation.setEmulatedMedia", media).await;
    devtools(client, "Emulation.setTouchEmulationEnabled", touch).await;
    unroll(client, look, look.height()).await;
    devtools(client, "Page.setFontSizes", text).await;
}

/// Makes the window this high.
pub async fn unroll(client: &Client, look: Look, height: u32) {
    let size = json!({
        "width": look.width, "height": height,
        "deviceScaleFactor": 1, "mobile": look.is_phone(),
    });
    devtools(client, "Emulation.setDeviceMetricsOverride", size).await;
}

/// Lets the pages of a site read what is in the clipboard, which a browser allows nobody by itself.
pub async fn allow_reading_the_clipboard(client: &Client, origin: &str) {
    let granted = json!({ "origin": origin, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    devtools(client, "Browser.grantPermissions", granted).await;
}

/// Takes the window with the page out of sight.
pub async fn hide(client: &Client) {
    window(client, "minimized").await;
}

/// Brings it back.
pub async fn show(client: &Client) {
    window(client, "normal").await;
}

async fn window(client: &Client, state: &str) {
    let window = devtools(client, "Browser.getWindowForTarget", json!({})).await;
    let bounds = json!({ "windowId": window["windowId"], "bounds": { "windowState": state } });
    devtools(client, "Browser.setWindowBounds", bounds).await;
}

/// Lets every page from now on begin with this script.
pub async fn before_every_page(client: &Client, script: &str) {
    let source = json!({ "source": script });
    devtools(client, "Page.addScriptToEvaluateOnNewDocument", source).await;
}

/// Asks the browser itself, past the pages.
async fn devtools(client: &Client, command: &str, parameters: Value) -> Value {
    let body = json!({ "cmd": command, "params": parameters });
    client
        .issue_cmd(Vendor("goog/cdp/execute", body))
        .await
        .unwrap()
}

/// What the browser has noted since it was last asked: `browser` is its console, `performance` its network.
pub async fn noted(client: &Client, kind: &str) -> Vec<Value> {
    let noted = client
        .issue_cmd(Vendor("se/log", json!({ "type": kind })))
        .await
        .unwrap();
    serde_json::from_value(noted).unwrap()
}

/// A command of the driver's own.
#[derive(Debug)]
struct Vendor(&'static str, Value);

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.0))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}
