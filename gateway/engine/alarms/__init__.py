"""The watch: is somebody doing what they never do?

signs       what is observed, as values, made of facts as they are written
habits      what one of ours, or a partner, usually does: counts in windows, bounded
unusual     scores a sign against habits and thresholds; pure
alarm       an alarm as a fact of the office, and every alarm
overhearing a writer whose facts the watch hears
retelling   the same signs again from the ledger, after a restart
watching    the chore: hears, scores, writes alarms and letters, pauses
"""
