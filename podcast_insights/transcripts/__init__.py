"""Stage 3: what was said, and when: the publisher's transcript or Whisper's."""
