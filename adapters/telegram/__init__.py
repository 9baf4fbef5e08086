"""Telegram: private chats, topics, groups; everything that aiogram is needed for."""
