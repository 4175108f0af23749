"""Speech to text by faster-whisper on CTranslate2: from a file of audio to timed segments."""
