//! Writing, as Nix writes.

use super::{Aterm, Wanted};

impl Aterm<'_> {
    /// The file's bytes.
    ///
    /// What is wanted of outputs can only be said in a [`dynamic`](Self::dynamic) file, and is
    /// left out of others.
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        if self.dynamic {
            out.extend_from_slice(b"DrvWithVersion(\"xp-dyn-drv\",");
        } else {
            out.extend_from_slice(b"Derive(");
        }
        list(&mut out, &self.outputs, |out, output| {
            out.push(b'(');
            string(out, &output.name);
            for field in [&output.path, &output.hash_algo, &output.hash] {
                out.push(b',');
                string(out, field);
            }
            out.push(b')');
        });
        out.push(b',');
        list(&mut out, &self.input_derivations, |out, (path, wanted)| {
            pair(out, path, |out| self.wanted(out, wanted));
        });
        out.push(b',');
        list(&mut out, &self.input_sources, |out, source| {
            string(out, source);
        });
        out.push(b',');
        string(&mut out, &self.system);
        out.push(b',');
        string(&mut out, &self.builder);
        out.push(b',');
        list(&mut out, &self.args, |out, arg| string(out, arg));
        out.push(b',');
        list(&mut out, &self.env, |out, (key, value)| {
            pair(out, key, |out| string(out, value));
        });
        out.push(b')');
        out
    }

    fn wanted(&self, out: &mut Vec<u8>, wanted: &Wanted<'_>) {
        let outputs = |out: &mut Vec<u8>| list(out, &wanted.outputs, |out, name| string(out, name));
        if !self.dynamic || wanted.of_outputs.is_empty() {
            outputs(out);
            return;
        }
        out.push(b'(');
        outputs(out);
        out.push(b',');
        list(out, &wanted.of_outputs, |out, (name, wanted)| {
            pair(out, name, |out| self.wanted(out, wanted));
        });
        out.push(b')');
    }
}

fn list<T>(out: &mut Vec<u8>, items: &[T], mut item: impl FnMut(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (at, value) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        item(out, value);
    }
    out.push(b']');
}

fn pair(out: &mut Vec<u8>, key: &[u8], value: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'(');
    string(out, key);
    out.push(b',');
    value(out);
    out.push(b')');
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
