"""shred"""
