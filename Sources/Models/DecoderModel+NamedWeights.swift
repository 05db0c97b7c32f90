public import Autodiff
internal import Tensors

extension DecoderModel: TrainableModel {
  /// What the model can be run on.
  public var inputLimits: InputLimits { shape.inputLimits }

  /// The weights as they are published.
  public var weights: NamedWeights<Scalar> {
    var order: [String] = []
    var stored: [String: (size: [Int], values: [Scalar])] = [:]
    for weight in shape.weights {
      guard let value = held.value(of: weight), let size = shape.size(of: weight) else { continue }
      let place = names.place(of: weight, shape)
      if stored[place.name] == nil {
        let whole = place.storedSize(of: size)
        order.append(place.name)
        stored[place.name] = (
          place.storedShape(of: size), Array(repeating: 0, count: whole.reduce(1, *))
        )
      }
      value.elements.withUnsafeBufferPointer {
        stored[place.name]?.values.write($0, of: size, at: place)
      }
    }
    return NamedWeights(
      order.compactMap { name in
        stored[name].map { (name, Variable(Tensor($0.size, $0.values))) }
      })
  }

  /// The same model over other weights.
  public func with(_ weights: NamedWeights<Scalar>, on tape: Tape<Scalar>) -> DecoderModel {
    DecoderModel(shape, names: names, weights, on: tape)
  }

  /// A model over weights in their published layout.
  ///
  /// - Parameter decoder: The model whose token embedding this one has, if it has none of its own.
  /// - Precondition: The weights are those of `shape`, by name and size.
  init(
    _ shape: DecoderShape, names: PublishedNames, _ weights: NamedWeights<Scalar>,
    on tape: Tape<Scalar>, under decoder: DecoderModel? = nil
  ) {
    var slices: [String: Variable<Scalar>] = [:]
    var entries: [DecoderWeight: HeldWeights<Scalar>.Entry] = [:]
    for weight in shape.weights {
      guard let size = shape.size(of: weight) else { continue }
      let place = names.place(of: weight, shape)
      guard let stored = weights[place.name] else {
        preconditionFailure("no weight is named \(place.name)")
      }
      precondition(
        stored.shape == place.storedShape(of: size),
        "\(place.name) is \(stored.shape), not \(place.storedShape(of: size))")
      let key = "\(place.name)[\(place.slice?.index ?? 0)]"
      let matrix = place.shape == nil ? stored : tape.reshape(stored, size)
      let whole = slices[key] ?? tape.slice(matrix, place, of: size)
      slices[key] = whole
      let own = place.order(of: size).map { tape.entries(whole, $0) } ?? whole
      entries[weight] =
        WeightArena.isPacked(weight, size) && !own.isTracked
        ? .packed(PackedMatrix(own.value)) : .variable(own)
    }
    self.init(shape, names: names, HeldWeights(entries), under: decoder)
  }
}

extension Tape {
  /// The part of a stored tensor that several weights share, as `[outputs, inputs]` or `[outputs]`.
  fileprivate func slice(
    _ stored: Variable<Scalar>, _ place: PublishedWeight, of size: [Int]
  ) -> Variable<Scalar> {
    var part = stored
    if let slice = place.slice {
      let inner = Array(stored.shape.dropFirst())
      let flat = reshape(stored, [slice.of, inner.reduce(1, *)])
      part = reshape(rows(flat, [slice.index]), inner)
    }
    return place.isTransposed(size) ? transpose(part) : part
  }

  /// Rows of a matrix, or elements of a vector.
  fileprivate func entries(_ x: Variable<Scalar>, _ indices: [Int]) -> Variable<Scalar> {
    guard x.shape.count == 1 else { return rows(x, indices) }
    return reshape(rows(reshape(x, [x.value.count, 1]), indices), [indices.count])
  }
}

extension Array {
  /// Writes a weight, `[outputs, inputs]` or `[outputs]`, to its place in a stored tensor.
  fileprivate mutating func write(
    _ values: UnsafeBufferPointer<Element>, of size: [Int], at place: PublishedWeight
  ) {
    let inputs = size.count == 2 ? size[1] : 1
    let stored = place.storedSize(of: size).suffix(size.count)
    let isTransposed = place.isTransposed(size)
    let outputs = isTransposed ? stored.last ?? 0 : stored.first ?? 0
    let start = (place.slice?.index ?? 0) * outputs * inputs
    let order = place.order(of: size)
    for output in 0..<size[0] {
      let row = order?[output] ?? output
      for input in 0..<inputs {
        let at = isTransposed ? input * outputs + row : row * inputs + input
        self[start + at] = values[output * inputs + input]
      }
    }
  }
}
