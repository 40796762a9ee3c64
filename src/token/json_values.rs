//! What the strict reader's events are in `serde_json`: for the tests here, and for the fuzz targets.

use serde_json::{Map, Number, Value};

use crate::token::json::Sink;
use crate::token::refusal::Refusal;

/// Builds `serde_json` values.
pub(crate) struct Values;

impl Sink for Values {
    type Value = Value;
    type Array = Vec<Value>;
    type Object = Map<String, Value>;
    type Name = String;
    type Error = Refusal;

    fn null(&mut self) -> Result<Value, Refusal> {
        Ok(Value::Null)
    }
    fn boolean(&mut self, value: bool) -> Result<Value, Refusal> {
        Ok(Value::Bool(value))
    }
    fn integer(&mut self, value: i128) -> Result<Value, Refusal> {
        Ok(Value::Number(Number::from_i128(value).unwrap()))
    }
    fn float(&mut self, value: f64) -> Result<Value, Refusal> {
        Ok(Value::Number(Number::from_f64(value).unwrap()))
    }
    fn string(&mut self, value: &str) -> Result<Value, Refusal> {
        Ok(Value::String(value.to_owned()))
    }
    fn array(&mut self) -> Result<Vec<Value>, Refusal> {
        Ok(Vec::new())
    }
    fn element(&mut self, array: &mut Vec<Value>, value: Value) -> Result<(), Refusal> {
        array.push(value);
        Ok(())
    }
    fn end_array(&mut self, array: Vec<Value>) -> Result<Value, Refusal> {
        Ok(Value::Array(array))
    }
    fn object(&mut self) -> Result<Map<String, Value>, Refusal> {
        Ok(Map::new())
    }
    fn name(&mut self, name: &str) -> Result<String, Refusal> {
        Ok(name.to_owned())
    }
    fn member(&mut self, object: &mut Map<String, Value>, name: String, value: Value) -> Result<(), Refusal> {
        assert!(object.insert(name, value).is_none(), "the reader let a name pass twice");
        Ok(())
    }
    fn end_object(&mut self, object: Map<String, Value>) -> Result<Value, Refusal> {
        Ok(Value::Object(object))
    }
}
