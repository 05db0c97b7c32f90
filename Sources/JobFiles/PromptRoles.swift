/// What a token is to its prompt, after the averages that causal tracing plots.
///
/// A token can have several roles: the only token of a subject is its first and its last.
/// Meng et al., 2022, <https://arxiv.org/abs/2202.05262>, figure 1 and their averages of it.
package enum TokenRole: String, CaseIterable, Sendable {
  /// Before the subject; in none of the averages.
  case before
  case subjectFirst = "subject_first"
  /// Between the subject's first and last token.
  case subjectMiddle = "subject_middle"
  case subjectLast = "subject_last"
  /// The token after the subject.
  case firstAfter = "first_after"
  /// From the second token after the subject to the last but one of the prompt.
  case further
  /// The prompt's last token, from which the answer is predicted.
  case last
}

/// Where the subject lies in a prompt, and so which tokens have which role.
package struct PromptRoles: Sendable, Equatable {
  package let tokenCount: Int
  /// The subject's tokens, at least one.
  package let subject: Range<Int>

  package init(tokenCount: Int, subject: Range<Int>) {
    precondition(
      !subject.isEmpty && subject.lowerBound >= 0 && subject.upperBound <= tokenCount,
      "PromptRoles: subject \(subject) in \(tokenCount) tokens")
    self.tokenCount = tokenCount
    self.subject = subject
  }

  /// The positions with a role, which may be none.
  package func positions(of role: TokenRole) -> Range<Int> {
    let (first, end) = (subject.lowerBound, subject.upperBound)
    return switch role {
    case .before: 0..<first
    case .subjectFirst: first..<first + 1
    case .subjectMiddle: first + 1..<max(first + 1, end - 1)
    case .subjectLast: end - 1..<end
    case .firstAfter: end..<min(end + 1, tokenCount)
    case .further: min(end + 1, tokenCount)..<max(min(end + 1, tokenCount), tokenCount - 1)
    case .last: tokenCount - 1..<tokenCount
    }
  }

  /// The roles of the token at a position: at least one, in the order of the enumeration.
  package func roles(at position: Int) -> [TokenRole] {
    TokenRole.allCases.filter { positions(of: $0).contains(position) }
  }
}
