package import CausalModels
package import Inputs
package import JobFiles

/// A text to run a model on, or the token ids that stand for it, and where it stands.
package struct WrittenText: Sendable {
  package let content: ExampleInput
  package let place: JobPlace

  package init(content: ExampleInput, place: JobPlace) {
    (self.content, self.place) = (content, place)
  }

  /// A text; a list of token ids; or an object with `text` or `input_ids`.
  package init(_ field: JobField) throws(Refusal) {
    place = field.place
    let ids = FieldType<[Int]>.tokenIDs(0)
    switch field.value.content {
    case .string(let text): content = .text(text)
    case .list: content = .tokens(try ids.value(of: field))
    case .table:
      let section = try field.anyTable()
      guard let tokens = section.optional("input_ids") else {
        content = .text(try section.required("text", expected: "text, or input_ids").string())
        return
      }
      guard section.optional("text") == nil else {
        throw tokens.place.refusal("input_ids beside text", expected: "one of the two")
      }
      content = .tokens(try ids.value(of: tokens))
    default:
      throw field.refusal(expected: "a text, a list of token ids, or an object with one of them")
    }
  }

  package var canonical: JobValue {
    switch content {
    case .text(let text): .text(text)
    case .tokens(let tokens): .items(tokens.map(JobValue.int))
    case .features: JobValue(.null)
    }
  }
}

extension FieldType where Value == WrittenText {
  package static var textItem: FieldType {
    FieldType(
      "a text, a list of token ids, or a table with one of them in text or input_ids",
      placeholder: WrittenText(content: .text(""), place: JobPlace(file: "")),
      canonical: \.canonical
    ) { (field, _) throws(Refusal) in try WrittenText(field) }
  }
}
