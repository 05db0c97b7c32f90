/// Thrown wherever work is given up because a stop was asked for, or nobody wants it any more: it is
/// neither done nor failed, and what was kept of it is gone on with.
public struct Stopped: Error, Equatable {
  /// Work that was given up.
  public init() {}
}
