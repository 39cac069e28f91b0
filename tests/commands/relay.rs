//! A way to PostgreSQL that a test opens and closes: at a port, or at a socket in a folder.

use crate::server::Folder;
use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex};
use std::thread::spawn;

/// A way that is open until it is closed.
pub struct Relay {
    port: u16,
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Relay {
    /// Opens a way at this port to the server at this address.
    pub fn open(port: u16, to: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let open = Arc::new(Mutex::new(Some(vec![])));
        let relay = Self {
            port,
            open: Arc::clone(&open),
        };
        spawn(move || {
            while let Ok((near, _)) = listener.accept() {
                let far = TcpStream::connect(&to).unwrap();
                let ends = [near.try_clone().unwrap(), far.try_clone().unwrap()];
                match &mut *open.lock().unwrap() {
                    Some(open) => open.extend(ends),
                    None => return,
                }
                join(near.try_clone().unwrap(), far.try_clone().unwrap());
                join(far, near);
            }
        });
        relay
    }

    /// Ends every connection and takes no more.
    pub fn close(&self) {
        for connection in self.open.lock().unwrap().take().unwrap() {
            connection.shutdown(Shutdown::Both).ok();
        }
        // The listener only notices with the next one.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

/// A folder with the socket of PostgreSQL at port 5432, which leads to this address for as long as the process runs.
pub fn socket(to: String) -> Folder {
    let folder = Folder::new("socket");
    let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
    spawn(move || {
        while let Ok((near, _)) = listener.accept() {
            let far = TcpStream::connect(&to).unwrap();
            join(near.try_clone().unwrap(), far.try_clone().unwrap());
            join(far, near);
        }
    });
    folder
}

fn join(mut from: impl Read + Send + 'static, mut to: impl Write + Send + 'static) {
    spawn(move || copy(&mut from, &mut to));
}
