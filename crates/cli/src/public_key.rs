//! The public keys by which Nix checks signatures: a name, a colon, and an Ed25519 key in base 64.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_compact::{PublicKey, Signature};

/// Base 64 with or without padding, as Nix reads it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Keys by their names. Nix takes one key of each name.
#[derive(Clone, Debug, Default)]
pub(crate) struct PublicKeys(BTreeMap<String, PublicKey>);

/// What a signature is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A trusted key signed the text.
    Good,
    /// It is said to be by a trusted key, and is not one of this text.
    Bad,
    /// By a key that is not trusted.
    Unknown,
}

impl PublicKeys {
    /// Takes one more key, `NAME:BASE64`.
    ///
    /// # Errors
    /// What is wrong with it, in lower case; of a key whose name another one has, too.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        let key = text.split_once(':').filter(|(name, _)| !name.is_empty());
        let (name, encoded) = key.ok_or("it is not NAME:KEY")?;
        let bytes = BASE64.decode(encoded);
        let bytes = bytes.map_err(|_| "what follows the name is not base 64")?;
        if bytes.len() == ed25519_compact::SecretKey::BYTES {
            return Err("it is a secret key: give the public one, and tell nobody this".to_owned());
        }
        let key = PublicKey::from_slice(&bytes).map_err(|_| {
            let length = PublicKey::BYTES;
            format!("a key has {length} bytes, and this one {}", bytes.len())
        })?;
        match self.0.insert(name.to_owned(), key) {
            Some(other) if other != key => Err(format!("two different keys are called {name}")),
            _ => Ok(()),
        }
    }

    /// Their names, ascending.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a signature, `NAME:BASE64`, of a text is worth.
    pub(crate) fn check(&self, text: &str, signature: &str) -> Verdict {
        let (name, encoded) = signature.split_once(':').unwrap_or((signature, ""));
        let Some(key) = self.0.get(name) else {
            return Verdict::Unknown;
        };
        let signature = BASE64.decode(encoded).ok();
        let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
        match signature {
            Some(signature) if key.verify(text, &signature).is_ok() => Verdict::Good,
            _ => Verdict::Bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That of cache.nixos.org.
    const NIXOS: &str = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=";

    #[test]
    fn keys_are_read_as_nix_reads_them() {
        let mut keys = PublicKeys::default();
        assert_eq!(keys.add(NIXOS), Ok(()));
        assert_eq!(keys.add(NIXOS.trim_end_matches('=')), Ok(()));
        assert_eq!(keys.names().collect::<Vec<_>>(), ["cache.nixos.org-1"]);
        for (text, problem) in [
            ("nonsense", "not NAME:KEY"),
            (":6NCHdD59", "not NAME:KEY"),
            ("a:***", "not base 64"),
            ("a:", "and this one 0"),
            ("a:6NCHdD59", "and this one 6"),
            (
                "cache.nixos.org-1:AAAAdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=",
                "two different keys",
            ),
        ] {
            let error = keys.add(text).expect_err(text);
            assert!(error.contains(problem), "{text}: {error}");
        }
        let secret = format!("a:{}==", "A".repeat(86));
        let error = keys.add(&secret).expect_err("a secret key");
        assert!(error.contains("secret"), "{error}");
    }
}
