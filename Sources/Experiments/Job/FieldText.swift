/// What the manual says of fields that several kinds have.
enum FieldText {
  static let microbatch = "What goes through the model together; part of the job, unlike ranks."
  static let skipped = "Positions left out at the start of each text."
}
