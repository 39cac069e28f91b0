//! The pages that a visitor of a simulated application sees.
//!
//! It knows their words; it must not know who may see which.

/// The sign-in page, with what is wrong if something is.
pub fn sign_in(name: &str, wrong: Option<&str>) -> String {
    let name = escaped(name);
    let wrong = wrong.map_or_else(String::new, |wrong| {
        format!("<p class=wrong role=alert>{wrong}</p>")
    });
    page(
        &format!("{name} – sign in"),
        &format!(
            "<h1>Welcome to {name}</h1><p>Please sign in with the password of this environment.</p>{wrong}\
             <form method=post action=\"./login\"><label for=password>Password</label>\
             <input id=password name=password type=password autocomplete=current-password autofocus required>\
             <button type=submit>Sign in</button></form>"
        ),
    )
}

/// What stands where an editor would be.
pub fn workspace(name: &str) -> String {
    let name = escaped(name);
    page(
        &format!("Signed in to {name}"),
        &format!(
            "<h1>Signed in to {name}</h1><p>This environment is simulated. With a real Coolify, code-server would \
             open here: an editor with a terminal in which Claude Code is installed, and the folders that outlive \
             every redeployment.</p><p><a href=\"./logout\">Sign out</a></p>"
        ),
    )
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
}

const STYLE: &str = "body{margin:0;min-height:100vh;display:grid;place-items:center;background:#1b1f27;\
    color:#e8eaee;font:1rem/1.6 system-ui,sans-serif}main{max-width:28rem;padding:2rem}\
    h1{font-size:1.4rem;margin:0 0 .5rem}form{display:grid;gap:.6rem}a{color:#8ab8ff}\
    input,button{font:inherit;padding:.5rem .7rem;border-radius:.3rem;border:1px solid #5b6475}\
    button{background:#2f6feb;border-color:#2f6feb;color:#fff;cursor:pointer}.wrong{color:#ffa3a3}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
