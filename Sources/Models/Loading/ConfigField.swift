public import Checkpoints
public import Inputs
internal import Tensors

/// A value of a model's configuration, from a `config.json` or a GGUF file.
public enum ConfigField: Sendable {
  case json(JSONField)
  case gguf(GGUFField)

  /// A refusal of this value.
  public func refusal(_ found: String, expected: String) -> Refusal {
    switch self {
    case .json(let field): field.refusal(found, expected: expected)
    case .gguf(let field): field.refusal(found, expected: expected)
    }
  }

  public func int(in range: ClosedRange<Int>) throws(Refusal) -> Int {
    switch self {
    case .json(let field): try field.int(in: range)
    case .gguf(let field): try field.int(in: range)
    }
  }

  public func double() throws(Refusal) -> Double {
    switch self {
    case .json(let field): try field.double()
    case .gguf(let field): try field.double()
    }
  }

  public func bool() throws(Refusal) -> Bool {
    switch self {
    case .json(let field): try field.bool()
    case .gguf(let field): try field.bool()
    }
  }

  public func string() throws(Refusal) -> String {
    switch self {
    case .json(let field): try field.string()
    case .gguf(let field): try field.string()
    }
  }

  /// A finite number above 0.
  public func positive() throws(Refusal) -> Float {
    let value = Float(try double())
    guard value > 0, value.isFinite else {
      throw refusal("\(try double())", expected: "a finite number above 0")
    }
    return value
  }

  /// The nonlinearity that the field names as transformers does.
  func activation() throws(Refusal) -> Activation {
    switch try string() {
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python_tanh": return .geluTanh
    case "gelu", "gelu_python": return .geluErf
    case "relu": return .relu
    case "silu", "swish": return .silu
    case let other:
      throw refusal(
        "the activation \(quoted(other))",
        expected: "gelu_new, gelu_pytorch_tanh, gelu_fast, gelu, relu, silu or swish")
    }
  }
}
