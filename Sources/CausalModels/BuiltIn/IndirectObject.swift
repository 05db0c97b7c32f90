package import Inputs

extension CausalTask {
  /// Indirect object identification: two people are named, one of them again, and gives something
  /// to the other. Wang et al., 2022, <https://arxiv.org/abs/2211.00593>.
  ///
  /// Places: `indirect_object`, `subject_first` and `subject_second` (the first and second mention of
  /// the subject), `first`, `second` (the names in order), `object`, `location`, `last`.
  package static func indirectObject() throws(Refusal) -> CausalTask {
    func texts(_ values: [String]) -> CausalDomain { .finite(values.map { .text($0) }) }
    let people = texts(IndirectObjectWords.names)
    let order = texts(["first", "second"])
    let model = try CausalModel(
      [
        CausalVariable(
          "template",
          .finite(IndirectObjectWords.templates.indices.map { .number(Double($0)) })),
        CausalVariable("location", texts(IndirectObjectWords.locations)),
        CausalVariable("object", texts(IndirectObjectWords.objects)),
        CausalVariable("first", people), CausalVariable("second", people),
        CausalVariable("repeated", order),
        try CausalVariable("subject_position", order, formula: "repeated"),
        try CausalVariable(
          "indirect_object", people, formula: "if(subject_position == \"first\", second, first)"),
        try CausalVariable(
          "subject", people, formula: "if(repeated == \"first\", first, second)"),
        try CausalVariable("answer", people, formula: "indirect_object"),
      ], constraint: try CausalConstraint(formula: "first != second"))
    var task = CausalTask(
      model, form: .text,
      prompt: try CausalRendering.Prompt(
        IndirectObjectWords.templates, chooser: "template",
        places: { values in
          let isFirst = values["repeated"] == .text("first")
          return [
            "first": "first", "second": "second", "object": "object", "location": "location",
            "subject_second": "subject", "subject_first": isFirst ? "first" : "second",
            "indirect_object": isFirst ? "second" : "first",
          ]
        }), answer: "answer")
    task.foil = "subject"
    task.shared = ["template"]
    task.intervene = ["subject_position", "indirect_object"]
    return task
  }
}

/// Names that common tokenizers have as one token, and sentences with room for them.
enum IndirectObjectWords {
  static let names = [
    "Adam", "Alan", "Alex", "Alice", "Amy", "Andrew", "Anna", "Anne", "Anthony", "Ben", "Brian",
    "Carl", "Charles", "Chris", "Daniel", "David", "Diana", "Edward", "Elizabeth", "Emily", "Emma",
    "Eric", "Frank", "George", "Grace", "Helen", "Henry", "Jack", "James", "Jane", "Jason", "John",
    "Joseph", "Julia", "Karen", "Kate", "Kevin", "Laura", "Linda", "Lisa", "Louis", "Lucy", "Maria",
    "Mark", "Martin", "Mary", "Matthew", "Michael", "Paul", "Peter", "Richard", "Robert", "Ryan",
    "Sam", "Sarah", "Simon", "Stephen", "Steve", "Susan", "Thomas", "Tom", "William",
  ]
  static let locations = [
    "market", "library", "station", "garden", "hospital", "museum", "office", "restaurant",
    "school", "beach",
  ]
  static let objects = [
    "book", "letter", "ring", "drink", "map", "key", "ticket", "camera", "basket", "pen",
  ]
  /// Each names the two people in order, then the subject again, and ends before the answer.
  static let templates = [
    "As {first} and {second} came out of the {location}, {subject} handed the {object} to",
    "On Monday {first} and {second} met outside the {location}, where {subject} gave a {object} to",
    "While {first} and {second} waited in front of the {location}, {subject} showed a {object} to",
    "Before {first} and {second} left the {location}, {subject} offered a {object} to",
    "Around noon {first} and {second} sat down near the {location}. A little later {subject} passed a {object} to",
    "Today {first} and {second} walked past the {location}, and {subject} brought a {object} to",
    "Later that day {first} and {second} stood in the {location}. In the end {subject} sold a {object} to",
    "Since {first} and {second} were new at the {location}, {subject} lent a {object} to",
  ]
}
