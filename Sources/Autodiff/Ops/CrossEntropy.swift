internal import Tensors

extension Tape {
  /// The mean over rows of the negative log-probability of each row's label, in nats.
  ///
  ///     L = mean(log Σ exp(x) − x[label])        ∂L/∂x = (softmax(x) − onehot(label)) / rows
  ///
  /// - Parameter logits: `[rows, classes]`.
  /// - Returns: One number, `[]`.
  public func crossEntropy(_ logits: Variable<Scalar>, labels: [Int]) -> Variable<Scalar> {
    let (rows, width) = (logits.value.rows, logits.value.width)
    precondition(labels.count == rows, "\(labels.count) labels for \(logits.shape)")
    precondition(labels.allSatisfy { $0 >= 0 && $0 < width }, "a label past \(width) classes")
    let total = logits.value.logSumExp().elements
    var loss: Scalar = 0
    logits.value.withPointer { x in
      for (r, label) in labels.enumerated() { loss += total[r] - x[r * width + label] }
    }
    return record(Tensor(scalar: loss / Scalar(rows)), from: [logits]) { g in
      let factor = g.scalar / Scalar(rows)
      let d = Tensor<Scalar>(logits.shape) { d in
        Scalar.softmax(rows: rows, width: width, logits.value.unsafePointer, d)
        for (r, label) in labels.enumerated() { d[r * width + label] -= 1 }
        Scalar.scale(UnsafePointer(d), factor, 0, d, rows * width)
      }
      return [d]
    }
  }

  /// The cross entropy of some of the rows, label by label.
  public func crossEntropy(
    _ logits: Variable<Scalar>, rows: [Int], labels: [Int]
  ) -> Variable<Scalar> {
    crossEntropy(self.rows(logits, rows), labels: labels)
  }
}
