//! A proxy before the dashboard, which can also stop, and answer in its place. It must not know who asks.

use crate::chromium::free_port;
use crate::support::process::Process;
use std::path::PathBuf;
use std::process::Command;

/// nginx with a folder of its own.
pub struct Nginx {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
    folder: PathBuf,
    process: Option<Process>,
}

impl Nginx {
    /// Starts it before the dashboard at this address; `portal` is the page it shows when it is told to.
    pub fn start(dashboard: &str, portal: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("nginx-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        let listen = format!("127.0.0.1:{}", free_port());
        let file = configuration(&folder, &listen, dashboard, portal);
        std::fs::write(folder.join("nginx.conf"), file).unwrap();
        let mut nginx = Self {
            url: format!("http://{listen}"),
            folder,
            process: None,
        };
        nginx.starts_again();
        nginx
    }

    /// Whether it shows its own page in place of everything.
    pub fn shows_its_portal(&self, shows: bool) {
        let switch = self.folder.join("portal");
        if shows {
            std::fs::write(switch, "").unwrap();
        } else {
            std::fs::remove_file(switch).unwrap();
        }
    }

    /// It ends as when it is restarted.
    pub fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        process.signal("TERM");
        process.ended();
    }

    /// It starts where it was.
    pub fn starts_again(&mut self) {
        let program = std::env::var("NGINX").expect("NGINX is set by scripts/test");
        let mut command = Command::new(program);
        command.args(["-e", "stderr", "-c", "nginx.conf", "-p"]);
        let process = Process::spawn(command.arg(&self.folder));
        process.until_listening(self.url.trim_start_matches("http://"));
        self.process = Some(process);
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.stop();
        }
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// One process, so that it ends with its process id, and every file in the folder.
fn configuration(folder: &std::path::Path, listen: &str, dashboard: &str, portal: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
         master_process off;
         pid {folder}/pid;
         events {{}}
         http {{
           access_log off;
           client_body_temp_path {folder}/body;
           proxy_temp_path {folder}/proxy;
           fastcgi_temp_path {folder}/fastcgi;
           uwsgi_temp_path {folder}/uwsgi;
           scgi_temp_path {folder}/scgi;
           server {{
             listen {listen};
             default_type text/html;
             location / {{
               if (-f {folder}/portal) {{ return 200 '{portal}'; }}
               proxy_pass {dashboard};
               proxy_set_header Host $http_host;
             }}
           }}
         }}"
    )
}
