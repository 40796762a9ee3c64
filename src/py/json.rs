//! JSON into Python objects, through the strict reader, and Python objects into JSON that it reads back.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::error::Error;
use crate::token::decode::{self, MAX_DEPTH};
use crate::token::json::{Fault, MAX_MEMBERS, Sink};
use crate::token::json_writer;
use crate::token::refusal::Refusal;

/// Names, and values of `token_type`, that most tokens use. Their strings are made once, and their hashes with them.
macro_rules! common_names {
    ($($name:literal = $place:literal),+ $(,)?) => {
        const COMMON: [&str; [$($place),+].len()] = [$($name),+];

        /// The place of `name` in [`COMMON`]. A `match`, because the compiler makes comparisons of whole words of it.
        fn common(name: &str) -> Option<usize> {
            match name {
                $($name => Some($place),)+
                _ => None,
            }
        }
    };
}

common_names! {
    "exp" = 0,
    "iat" = 1,
    "nbf" = 2,
    "jti" = 3,
    "iss" = 4,
    "aud" = 5,
    "sub" = 6,
    "token_type" = 7,
    "user_id" = 8,
    "sid" = 9,
    "gen" = 10,
    "alg" = 11,
    "typ" = 12,
    "kid" = 13,
    "email" = 14,
    "scope" = 15,
    "access" = 16,
    "refresh" = 17,
}

static INTERNED: PyOnceLock<[Py<PyString>; COMMON.len()]> = PyOnceLock::new();

/// Why nothing was built: the text's fault, or Python's. In a box, so that every step of the reader hands on two words.
pub(super) struct Failure(Box<PyErr>);

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Refusal::from(fault).into()
    }
}

impl From<Refusal> for Failure {
    #[cold]
    fn from(refusal: Refusal) -> Self {
        PyErr::from(Error::Token(refusal)).into()
    }
}

impl From<PyErr> for Failure {
    #[cold]
    fn from(error: PyErr) -> Self {
        Self(Box::new(error))
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        *failure.0
    }
}

/// The name of a member.
pub(super) enum Name<'py> {
    Common(&'py Bound<'py, PyString>),
    Own(Bound<'py, PyString>),
}

/// Builds a `dict` and what is in it.
pub(super) struct Objects<'py> {
    py: Python<'py>,
    interned: &'py [Py<PyString>; COMMON.len()],
}

impl<'py> Objects<'py> {
    pub(super) fn new(py: Python<'py>) -> Self {
        let interned = INTERNED.get_or_init(py, || COMMON.map(|name| PyString::intern(py, name).unbind()));
        Self { py, interned }
    }
}

impl<'py> Sink for Objects<'py> {
    type Value = Bound<'py, PyAny>;
    type Array = Bound<'py, PyList>;
    type Object = Bound<'py, PyDict>;
    type Name = Name<'py>;
    type Error = Failure;

    fn null(&mut self) -> Result<Self::Value, Failure> {
        Ok(self.py.None().into_bound(self.py))
    }
    fn boolean(&mut self, value: bool) -> Result<Self::Value, Failure> {
        Ok(PyBool::new(self.py, value).to_owned().into_any())
    }
    fn integer(&mut self, value: i128) -> Result<Self::Value, Failure> {
        // Every integer that the reader passes on is one of these two.
        let object = match i64::try_from(value) {
            Ok(value) => value.into_pyobject(self.py),
            Err(_) => u64::try_from(value).unwrap_or(u64::MAX).into_pyobject(self.py),
        };
        match object {
            Ok(object) => Ok(object.into_any()),
        }
    }
    fn float(&mut self, value: f64) -> Result<Self::Value, Failure> {
        Ok(PyFloat::new(self.py, value).into_any())
    }
    fn string(&mut self, value: &str) -> Result<Self::Value, Failure> {
        Ok(match common(value) {
            Some(place) => self.interned[place].bind(self.py).clone().into_any(),
            None => PyString::new(self.py, value).into_any(),
        })
    }
    fn array(&mut self) -> Result<Self::Array, Failure> {
        Ok(PyList::empty(self.py))
    }
    fn element(&mut self, array: &mut Self::Array, value: Self::Value) -> Result<(), Failure> {
        Ok(array.append(value)?)
    }
    fn end_array(&mut self, array: Self::Array) -> Result<Self::Value, Failure> {
        Ok(array.into_any())
    }
    fn object(&mut self) -> Result<Self::Object, Failure> {
        Ok(PyDict::new(self.py))
    }
    #[inline]
    fn name(&mut self, name: &str) -> Result<Self::Name, Failure> {
        Ok(match common(name) {
            Some(place) => Name::Common(self.interned[place].bind(self.py)),
            None => Name::Own(PyString::new(self.py, name)),
        })
    }
    #[inline]
    fn member(&mut self, object: &mut Self::Object, name: Self::Name, value: Self::Value) -> Result<(), Failure> {
        Ok(match name {
            Name::Common(name) => object.set_item(name, value),
            Name::Own(name) => object.set_item(name, value),
        }?)
    }
    fn end_object(&mut self, object: Self::Object) -> Result<Self::Value, Failure> {
        Ok(object.into_any())
    }
}

/// The object of a JSON text.
pub(super) fn object<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    decode::read_unjudged(text.as_bytes(), &mut Objects::new(py)).map_err(|failure: Failure| failure.into())
}

/// Writes the members of `object`, without the braces.
pub(super) fn write_members(object: &Bound<'_, PyDict>, out: &mut String) -> PyResult<()> {
    members(object, out, MAX_DEPTH - 1)
}

/// Writes `object` with its braces.
pub(super) fn write_object(object: &Bound<'_, PyDict>, out: &mut String) -> PyResult<()> {
    out.push('{');
    write_members(object, out)?;
    out.push('}');
    Ok(())
}

fn members(object: &Bound<'_, PyDict>, out: &mut String, depth_left: usize) -> PyResult<()> {
    if object.len() > MAX_MEMBERS {
        return Err(PyValueError::new_err(format!("An object of claims may have at most {MAX_MEMBERS} members.")));
    }
    for (index, (name, value)) in object.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let name =
            name.cast::<PyString>().map_err(|_| PyTypeError::new_err("The names of claims must be str."))?;
        json_writer::string(text(name)?, out);
        out.push(':');
        write(&value, out, depth_left)?;
    }
    Ok(())
}

fn write(value: &Bound<'_, PyAny>, out: &mut String, depth_left: usize) -> PyResult<()> {
    if let Ok(value) = value.cast::<PyString>() {
        json_writer::string(text(value)?, out);
    } else if value.is_none() {
        out.push_str("null");
    } else if let Ok(value) = value.cast::<PyBool>() {
        out.push_str(if value.is_true() { "true" } else { "false" });
    } else if value.is_instance_of::<PyInt>() {
        json_writer::integer(integer(value)?, out);
    } else if let Ok(value) = value.cast::<PyFloat>() {
        if !value.value().is_finite() {
            return Err(PyValueError::new_err("A claim must not be NaN or infinite (RFC 8259, section 6)."));
        }
        json_writer::float(value.value(), out);
    } else {
        let depth_left = depth_left
            .checked_sub(1)
            .ok_or_else(|| PyValueError::new_err(format!("Claims may be nested {MAX_DEPTH} deep at most.")))?;
        if let Ok(object) = value.cast::<PyDict>() {
            out.push('{');
            members(object, out, depth_left)?;
            out.push('}');
        } else if let Ok(list) = value.cast::<PyList>() {
            elements(list.iter(), out, depth_left)?;
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            elements(tuple.iter(), out, depth_left)?;
        } else {
            // json.dumps's own words.
            let kind = value.get_type().name()?;
            return Err(PyTypeError::new_err(format!("Object of type {kind} is not JSON serializable")));
        }
    }
    Ok(())
}

fn elements<'py>(
    values: impl Iterator<Item = Bound<'py, PyAny>>,
    out: &mut String,
    depth_left: usize,
) -> PyResult<()> {
    out.push('[');
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(&value, out, depth_left)?;
    }
    out.push(']');
    Ok(())
}

fn integer(value: &Bound<'_, PyAny>) -> PyResult<i128> {
    if let Ok(value) = value.extract::<i64>() {
        return Ok(i128::from(value));
    }
    value
        .extract::<u64>()
        .map(i128::from)
        .map_err(|_| PyValueError::new_err("An integer claim must be from -2**63 to 2**64 - 1."))
}

fn text<'a>(text: &'a Bound<'_, PyString>) -> PyResult<&'a str> {
    let text =
        text.to_str().map_err(|_| PyValueError::new_err("A claim holds a lone surrogate, which is not text."))?;
    if text.contains('\0') {
        return Err(PyValueError::new_err("A claim must not hold a NUL character."));
    }
    Ok(text)
}
