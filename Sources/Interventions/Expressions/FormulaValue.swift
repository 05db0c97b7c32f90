internal import Autodiff
internal import Tensors

extension Tape {
  /// Works a formula out. Shapes were checked by `Formula.shape`.
  ///
  /// - Parameters:
  ///   - values: By name; vectors and matrices with two axes, rows with one.
  func value(_ formula: Formula, _ values: [String: Variable<Scalar>]) -> Variable<Scalar> {
    switch formula {
    case .number(let number): return Variable(Tensor(scalar: Scalar(number)))
    case .name(let name):
      guard let value = values[name] else { preconditionFailure("no value \(name)") }
      return value
    case .transposed(let inner): return transpose(value(inner, values))
    case .negated(let inner): return scale(value(inner, values), by: -1)
    case .applied(let function, let inner):
      let x = value(inner, values)
      return switch function {
      case .sigmoid: sigmoid(x)
      case .tanh: tanh(x)
      case .exp: exp(x)
      case .relu: relu(x)
      }
    case .combined(.product, let left, let right):
      let (a, b) = (value(left, values), right)
      let matrix = a.shape.count == 1 ? reshape(a, [1, a.value.count]) : a
      var product: Variable<Scalar>
      if case .transposed(let inner) = b {
        product = matrixProduct(matrix, transposed: value(inner, values))
      } else {
        product = matrixProduct(matrix, value(b, values))
      }
      return a.shape.count == 1 ? reshape(product, [product.value.count]) : product
    case .combined(let operation, let left, let right):
      return combined(operation, value(left, values), value(right, values))
    }
  }

  private func combined(
    _ operation: Formula.Operation, _ a: Variable<Scalar>, _ b: Variable<Scalar>
  ) -> Variable<Scalar> {
    let shape =
      a.shape.count > b.shape.count
        || (a.shape.count == b.shape.count && a.value.count >= b.value.count) ? a.shape : b.shape
    let (a, b) = (spread(a, to: shape), spread(b, to: shape))
    return switch operation {
    case .add: add(a, b)
    case .subtract: subtract(a, b)
    case .multiply: multiply(a, b)
    case .divide: divide(a, b)
    case .product: preconditionFailure("a product is not element by element")
    }
  }

  /// A number or a row as often as a shape has room for it.
  private func spread(_ x: Variable<Scalar>, to shape: [Int]) -> Variable<Scalar> {
    if x.shape == shape { return x }
    let zeros = Variable(Tensor<Scalar>(zeros: shape))
    return x.value.count == 1 ? add(zeros, number: x) : addRow(zeros, x)
  }
}
