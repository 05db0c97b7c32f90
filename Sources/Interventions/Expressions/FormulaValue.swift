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
      let isOfVectors = inner.contains(where: \.isOfVectors)
      return applied(function, inner.map { value($0, values) }, isOfVectors: isOfVectors)
    case .sliced(let inner, let slice, let isLast):
      return sliced(
        value(inner, values), slice, isLast: isLast || inner.isOfVectors,
        isOfVectors: inner.isOfVectors)
    case .combined(.product, let left, .transposed(let right)):
      let a = value(left, values)
      let product = matrixProduct(matrix(a), transposed: value(right, values))
      return a.shape.count < 2 ? reshape(product, [product.value.count]) : product
    case .combined(.product, let left, let right):
      return product(
        value(left, values), value(right, values), isOfVectors: left.isOfVectors)
    case .combined(let operation, let left, let right):
      return combined(operation, value(left, values), value(right, values))
    }
  }

  /// A row as a matrix of one row.
  private func matrix(_ x: Variable<Scalar>) -> Variable<Scalar> {
    x.shape.count < 2 ? reshape(x, [1, x.value.count]) : x
  }

  private func product(
    _ a: Variable<Scalar>, _ b: Variable<Scalar>, isOfVectors: Bool
  ) -> Variable<Scalar> {
    guard b.shape.count < 2 else {
      let product = matrixProduct(matrix(a), b)
      return a.shape.count < 2 ? reshape(product, [product.value.count]) : product
    }
    let product = matrixProduct(matrix(a), reshape(b, [b.value.count, 1]))
    return numbers(product, like: a, isOfVectors: isOfVectors)
  }

  private func applied(
    _ function: Formula.Function, _ x: [Variable<Scalar>], isOfVectors: Bool
  ) -> Variable<Scalar> {
    func reduced(_ value: Variable<Scalar>) -> Variable<Scalar> {
      numbers(value, like: x[0], isOfVectors: isOfVectors)
    }
    switch function {
    case .sigmoid: return sigmoid(x[0])
    case .tanh: return tanh(x[0])
    case .exp: return exp(x[0])
    case .relu: return relu(x[0])
    case .log: return log(x[0])
    case .sqrt: return squareRoot(x[0])
    case .softmax: return reshape(softmaxRows(matrix(x[0])), x[0].shape)
    case .norm: return reduced(normOfRows(matrix(x[0])))
    case .sum: return reduced(sumOfColumns(matrix(x[0])))
    case .mean:
      let rows = matrix(x[0])
      return reduced(scale(sumOfColumns(rows), by: 1 / Scalar(rows.value.width)))
    case .max, .min:
      if x.count == 1 {
        return reduced(extreme(of: matrix(x[0]), isMaximum: function == .max))
      }
      return elementwise(x[0], x[1]) { function == .max ? maximum($0, $1) : minimum($0, $1) }
    case .clamp:
      let raised = elementwise(x[0], x[1]) { maximum($0, $1) }
      return elementwise(raised, x[2]) { minimum($0, $1) }
    case .concat:
      let joined = concatenateColumns(x.map(matrix))
      return x[0].shape.count < 2 ? reshape(joined, [joined.value.count]) : joined
    }
  }

  /// A number for each row of a value in the shape that it has in formulas: of vectors a column, of a
  /// matrix a row, of a row one number.
  private func numbers(
    _ numbers: Variable<Scalar>, like x: Variable<Scalar>, isOfVectors: Bool
  ) -> Variable<Scalar> {
    let count = numbers.value.count
    return reshape(numbers, x.shape.count < 2 ? [] : isOfVectors ? [count, 1] : [count])
  }

  /// The largest or smallest element of each row.
  private func extreme(of x: Variable<Scalar>, isMaximum: Bool) -> Variable<Scalar> {
    let (width, elements) = (x.value.width, x.value.elements)
    let places = (0..<x.value.rows).map { row in
      let own = elements[row * width..<(row + 1) * width]
      // Of equal ones the first.
      let place = own.indices.reduce(own.startIndex) {
        (isMaximum ? own[$1] > own[$0] : own[$1] < own[$0]) ? $1 : $0
      }
      return [place - own.startIndex]
    }
    return gatherColumns(x, perRow: places)
  }

  private func sliced(
    _ x: Variable<Scalar>, _ slice: Formula.Slice, isLast: Bool, isOfVectors: Bool
  ) -> Variable<Scalar> {
    let isOne = if case .one = slice { true } else { false }
    let isOfRow = x.shape.count == 1
    let count = isOfRow || isLast ? x.shape[x.shape.count - 1] : x.shape[0]
    guard let range = slice.numbers(of: count) else { preconditionFailure("a slice outside") }
    if isOfRow {
      return reshape(columns(matrix(x), range), isOne ? [] : [range.count])
    }
    if isLast {
      let part = columns(x, range)
      return isOne && !isOfVectors ? reshape(part, [part.value.count]) : part
    }
    let part = rows(x, Array(range))
    return isOne ? reshape(part, Array(x.shape.dropFirst())) : part
  }

  private func combined(
    _ operation: Formula.Operation, _ a: Variable<Scalar>, _ b: Variable<Scalar>
  ) -> Variable<Scalar> {
    elementwise(a, b) { a, b in
      switch operation {
      case .add: add(a, b)
      case .subtract: subtract(a, b)
      case .multiply: multiply(a, b)
      case .divide: divide(a, b)
      case .product: preconditionFailure("a product is not element by element")
      }
    }
  }

  private func elementwise(
    _ a: Variable<Scalar>, _ b: Variable<Scalar>,
    _ operation: (Variable<Scalar>, Variable<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar> {
    let rank = max(a.shape.count, b.shape.count)
    var shape = a.shape.count == rank ? a.shape : b.shape
    if rank == 2 {
      let rows = [a, b].filter { $0.shape.count == 2 }.map { $0.shape[0] }.max() ?? 1
      shape = [rows, max(a.shape.last ?? 1, b.shape.last ?? 1)]
    } else if rank == 1 {
      shape = [max(a.value.count, b.value.count)]
    }
    return operation(spread(a, to: shape), spread(b, to: shape))
  }

  /// A number, a row or a number for each row as often as a shape has room for it.
  private func spread(_ x: Variable<Scalar>, to shape: [Int]) -> Variable<Scalar> {
    if x.shape == shape { return x }
    if x.shape.count == 2 {
      return matrixProduct(x, Variable(Tensor(repeating: 1, [1, shape[1]])))
    }
    let zeros = Variable(Tensor<Scalar>(zeros: shape))
    return x.value.count == 1 ? add(zeros, number: x) : addRow(zeros, x)
  }
}
