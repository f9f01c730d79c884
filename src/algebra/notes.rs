//! What computations that did not end leave for later runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Texts by the name of a question. Whoever reads one must not believe it, only go on from it.
#[derive(Debug, Default)]
pub struct Notes {
    texts: Mutex<BTreeMap<String, String>>,
}

/// The first line of a file of notes.
const HEADING: &str = "netprove-notes/1";

impl Notes {
    fn texts(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is noted of a question.
    pub fn get(&self, question: &str) -> Option<String> {
        self.texts().get(question).cloned()
    }

    /// Notes something, in lines, of a question, a word; what was noted before is forgotten.
    pub fn put(&self, question: &str, text: String) {
        self.texts().insert(question.to_string(), text);
    }

    /// Whether nothing is noted.
    pub fn is_empty(&self) -> bool {
        self.texts().is_empty()
    }

    /// All notes as one text.
    pub fn to_text(&self) -> String {
        let mut all = format!("{HEADING}\n");
        for (question, text) in self.texts().iter() {
            all.push_str(&format!("question {question} {}\n", text.lines().count()));
            text.lines().for_each(|line| all.extend([line, "\n"]));
        }
        all
    }

    /// Reads [`Notes::to_text`].
    ///
    /// # Errors
    /// A sentence, where the text is none.
    pub fn from_text(text: &str) -> Result<Notes, String> {
        let mut lines = text.lines();
        if lines.next() != Some(HEADING) {
            return Err(format!("its first line is not `{HEADING}`, so it is no file of searches to go on from"));
        }
        let notes = Notes::default();
        while let Some(line) = lines.next() {
            let words: Vec<&str> = line.split(' ').collect();
            let heading = match words.as_slice() {
                ["question", name, count] => count.parse::<usize>().ok().map(|count| (*name, count)),
                _ => None,
            };
            let (name, count) = heading.ok_or_else(|| {
                format!("`{}` should be `question NAME LINES`", line.chars().take(40).collect::<String>())
            })?;
            let mut note = String::new();
            for _ in 0..count {
                let line = lines.next().ok_or("it is cut off")?;
                note.extend([line, "\n"]);
            }
            notes.put(name, note);
        }
        Ok(notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_what_is_none_is_refused() {
        let notes = Notes::default();
        notes.put("a", "leaf\n".into());
        notes.put("b", "split 0 2\nopen\nleaf\n".into());
        let text = notes.to_text();
        let again = Notes::from_text(&text).expect("notes");
        assert_eq!(again.get("b").as_deref(), Some("split 0 2\nopen\nleaf\n"));
        assert_eq!(again.to_text(), text);
        for (text, words) in [
            ("", "first line"),
            ("netprove-notes/2\n", "first line"),
            ("netprove-notes/1\nquestion a\n", "should be"),
            ("netprove-notes/1\nquestion a 2\nleaf\n", "cut off"),
            ("netprove-notes/1\nquestion a 99999999999999999999\nleaf\n", "should be"),
        ] {
            let why = Notes::from_text(text).expect_err(text);
            assert!(why.contains(words), "{text}: {why}");
        }
    }
}
